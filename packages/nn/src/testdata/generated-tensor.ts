/**
 * The values of a reference tensor, which are a function of its name: FNV-1a seeds a linear congruential generator.
 * The expected outputs beside this file were computed by PyTorch from the same values.
 */
export function generatedValues(name: string, count: number, scale: number, shift: number): Float32Array {
  let seed = 0x811c9dc5
  for (const byte of new TextEncoder().encode(`public/${name}`))
    seed = Math.imul(seed ^ byte, 0x01000193) >>> 0
  return Float32Array.from({ length: count }, () => {
    seed = (Math.imul(1664525, seed) + 1013904223) >>> 0
    return ((seed / 2 ** 32) * 2 - 1) * scale + shift
  })
}
