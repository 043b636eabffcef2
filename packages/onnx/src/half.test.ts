import { describe, expect, it } from 'vitest'
import { fromHalf, toHalf } from './half.js'

describe('numbers of 16 bits', () => {
  it('are the same after single precision and back', () => {
    const bits = Uint16Array.from({ length: 2 ** 16 }, (_, index) => index)
    const values = fromHalf(bits)
    expect(values.filter(Number.isNaN)).toHaveLength(2 * 1023)
    expect(fromHalf(toHalf(values))).toEqual(values)
  })

  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [-1e30, 0xfc00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [1.5 * 2 ** -24, 0x0002],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 ** -14 - 2 ** -26, 0x0400],
  ])('of %f are %i, the nearest, ties to even', (value, half) => {
    expect(toHalf(Float32Array.of(value))).toEqual(Uint16Array.of(half))
  })
})
