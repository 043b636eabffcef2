import { describe, expect, it } from 'vitest'
import { interval95 } from '../index.js'

describe('interval95', () => {
  it('is Student’s t interval of the mean', () => {
    // t(.975, 4) = 2.776445; the standard error of 1..5 is sqrt(2.5 / 5).
    const { mean, halfWidth95 } = interval95([1, 2, 3, 4, 5])
    expect(mean).toBe(3)
    expect(halfWidth95).toBeCloseTo(2.776445 * Math.sqrt(0.5), 5)
  })

  it('narrows with the root of the count and is nothing for one value', () => {
    const values = Array.from({ length: 400 }, (_, index) => index % 2)
    const ratio = interval95(values.slice(0, 100)).halfWidth95 / interval95(values).halfWidth95
    expect(ratio).toBeCloseTo(2, 1)
    expect(interval95([7])).toEqual({ mean: 7, halfWidth95: 0 })
    expect(() => interval95([])).toThrow(RangeError)
  })
})
