const scratch = new DataView(new ArrayBuffer(4))

/** Numbers of 16 bits (IEEE 754 binary16), as their bits, in single precision. */
export function fromHalf(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >> 10) & 0x1f
    const fraction = half & 0x3ff
    if (exponent === 0) return sign * fraction * 2 ** -24
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  })
}

/** Numbers of single precision as the bits of the nearest ones of 16 bits, ties to even. */
export function toHalf(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    scratch.setFloat32(0, value)
    const bits = scratch.getUint32(0)
    const sign = (bits >>> 16) & 0x8000
    const rest = bits & 0x7fffffff
    if (rest > 0x7f800000) return sign | 0x7e00
    if (rest >= 0x477ff000) return sign | 0x7c00 // 65520 and more
    if (rest < 0x38800000) return sign | roundHalfToEven(Math.abs(value) * 2 ** 24)
    return sign | ((rest - 0x38000000 + 0xfff + ((rest >>> 13) & 1)) >>> 13)
  })
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value)
  return value - below === 0.5 ? below + (below % 2) : Math.round(value)
}
