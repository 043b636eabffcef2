/**
 * The input tensors of parity cases are a function of a salt and their names: FNV-1a of `<salt>/<name>` seeds a linear
 * congruential generator, whose numbers fill the tensor in row-major order of PyTorch's shape.
 *
 * @returns values in [shift - scale, shift + scale)
 */
export function generatedValues(
  salt: string,
  name: string,
  count: number,
  scale = 1,
  shift = 0,
): Float32Array {
  let seed = 0x811c9dc5
  for (const byte of new TextEncoder().encode(`${salt}/${name}`)) {
    seed = Math.imul(seed ^ byte, 0x01000193) >>> 0
  }
  return Float32Array.from({ length: count }, () => {
    seed = (Math.imul(1664525, seed) + 1013904223) >>> 0
    return ((seed / 2 ** 32) * 2 - 1) * scale + shift
  })
}
