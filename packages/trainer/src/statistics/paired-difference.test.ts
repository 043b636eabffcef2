import { randomKey } from '@m2l/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pairedDifference } from '../index.js'

const key = randomKey(1)

describe('pairedDifference', () => {
  it('is that of textbooks', () => {
    // Student's "sleep" data: R's t.test(paired = TRUE) gives t = 4.0621, p = .002833, an interval of .7001
    // to 2.4599.
    const first = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    const second = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2]
    const { mean, halfWidth95, pT, pPermutation } = pairedDifference(first, second, key)
    expect(mean).toBeCloseTo(1.58, 10)
    expect(mean - halfWidth95).toBeCloseTo(0.7001, 4)
    expect(mean + halfWidth95).toBeCloseTo(2.4599, 4)
    expect(pT).toBeCloseTo(0.002833, 6)
    // All 9 pairs that differ do so in one direction: 2 of 2^9 orders are as far.
    expect(pPermutation).toBeGreaterThan(0.002)
    expect(pPermutation).toBeLessThan(0.006)
  })

  it('turns its sign and nothing else with the order of the lists', () => {
    const values = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), {
      minLength: 2,
      maxLength: 40,
    })
    fc.assert(
      fc.property(values, (pairs) => {
        const [first, second] = [pairs.map(([a]) => a / 10), pairs.map(([, b]) => b / 10)]
        const there = pairedDifference(first, second, key, 200)
        const back = pairedDifference(second, first, key, 200)
        expect(back).toEqual({ ...there, mean: 0 - there.mean })
        for (const p of [there.pT, there.pPermutation]) expect(p >= 0 && p <= 1).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('gives both tests nearly the same p-value where there are many pairs', () => {
    const random = randomKey(3).generator()
    const first = Array.from({ length: 400 }, () => Math.round(75 * random.uniform()) / 75)
    const second = first.map((value) => Math.round(75 * (value + 0.4 * (random.uniform() - 0.52))) / 75)
    const { pT, pPermutation } = pairedDifference(first, second, key)
    expect(pT).toBeLessThan(0.9)
    expect(Math.abs(pT - pPermutation)).toBeLessThan(0.03)
  })

  it('knows no difference where there is none, and refuses lists that are no pairs', () => {
    expect(pairedDifference([1, 2], [1, 2], key)).toEqual({ mean: 0, halfWidth95: 0, pPermutation: 1, pT: 1 })
    expect(pairedDifference([2, 3], [1, 2], key)).toMatchObject({ mean: 1, pT: 0 })
    expect(() => pairedDifference([1], [1, 2], key)).toThrow(RangeError)
    expect(() => pairedDifference([], [], key)).toThrow(RangeError)
  })
})
