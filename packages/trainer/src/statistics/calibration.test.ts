import fc from 'fast-check'
import { expect, it } from 'vitest'
import { calibration } from '../index.js'

it('compares accuracy with confidence bin by bin', () => {
  const { bins, error } = calibration([0.5, 0.55, 0.95, 1], [true, false, true, true], 10)
  expect(bins.filter(({ count }) => count > 0)).toEqual([
    { from: 0.4, to: 0.5, count: 1, confidence: 0.5, accuracy: 1 },
    { from: 0.5, to: 0.6, count: 1, confidence: 0.55, accuracy: 0 },
    { from: 0.9, to: 1, count: 2, confidence: 0.975, accuracy: 1 },
  ])
  expect(error).toBeCloseTo((0.5 + 0.55 + 0.05) / 4, 12)
})

it('finds no error where each confidence is the share that is right', () => {
  const confidences = Array.from({ length: 40 }, (_, index) => (index < 20 ? 0.25 : 0.75))
  const right = confidences.map((confidence, index) => index % 4 < confidence * 4)
  expect(calibration(confidences, right).error).toBeCloseTo(0, 12)
})

it('counts each prediction once, errs by at most 1, and by no more than its single predictions', () => {
  const prediction = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())
  fc.assert(
    fc.property(fc.array(prediction, { minLength: 1 }), fc.integer({ min: 1, max: 30 }), (all, binCount) => {
      const [confidences, right] = [all.map(([of]) => of), all.map(([, of]) => of)]
      const { bins, error } = calibration(confidences, right, binCount)
      expect(bins).toHaveLength(binCount)
      expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(all.length)
      for (const { from, to, confidence } of bins) {
        expect(confidence).toBeGreaterThanOrEqual(from - 1e-9)
        expect(confidence).toBeLessThanOrEqual(to + 1e-9)
      }
      const single = all.reduce((sum, [of, isRight]) => sum + Math.abs(Number(isRight) - of), 0) / all.length
      expect(error).toBeLessThanOrEqual(single + 1e-9)
    }),
  )
})

it('refuses to judge nothing', () => {
  expect(() => calibration([], [])).toThrow(RangeError)
  expect(() => calibration([0.5], [])).toThrow(RangeError)
})
