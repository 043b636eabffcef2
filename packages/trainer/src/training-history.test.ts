import fc from 'fast-check'
import { expect, it } from 'vitest'
import { withLoss, type TrainingHistory } from './training-history.js'

const curveOf = (losses: readonly number[], steps = 10) =>
  losses.reduce<TrainingHistory['losses']>(
    (curve, loss, index) => withLoss(curve, { epoch: index + 1, steps, loss }),
    [],
  )

it('keeps every loss of a short run', () => {
  const losses = Array.from({ length: 400 }, (_, index) => 1 / (index + 1))
  expect(curveOf(losses).map(({ loss }) => loss)).toEqual(losses)
})

it('stays small over a long run and keeps its mean and its end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 3000 }),
      (losses) => {
        const curve = curveOf(losses)
        expect(curve.length).toBeLessThanOrEqual(400)
        expect(curve.at(-1)!.epoch).toBe(losses.length)
        const steps = curve.reduce((sum, point) => sum + point.steps, 0)
        expect(steps).toBe(10 * losses.length)
        const mean = curve.reduce((sum, point) => sum + point.loss * point.steps, 0) / steps
        expect(mean).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / losses.length, 9)
      },
    ),
    { numRuns: 20 },
  )
})

it('joins what an interruption has divided', () => {
  const whole = curveOf([4, 2])
  const divided = withLoss(withLoss(whole.slice(0, 1), { epoch: 1.3, steps: 3, loss: 2 }), {
    epoch: 2,
    steps: 7,
    loss: 2,
  })
  expect(divided).toEqual(whole)
})
