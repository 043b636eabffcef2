import fc from 'fast-check'
import { expect, it } from 'vitest'
import { withLosses, type TrainingHistory } from './training-history.js'

type Curve = TrainingHistory['losses']

/**
 * The curve of a run that reads its losses every ten steps, after each epoch and after each step where it is
 * interrupted.
 */
function curveOf(
  losses: readonly number[],
  stepsPerEpoch: number,
  interrupted: ReadonlySet<number> = new Set(),
) {
  let curve: Curve = []
  let unread: number[] = []
  for (const [index, loss] of losses.entries()) {
    unread.push(loss)
    const step = (index % stepsPerEpoch) + 1
    if (step % 10 !== 0 && step !== stepsPerEpoch && !interrupted.has(index)) continue
    const epoch = Math.floor(index / stepsPerEpoch) + step / stepsPerEpoch
    curve = withLosses(curve, Float32Array.from(unread), epoch)
    unread = []
  }
  return curve
}

it('keeps every ten losses of a short run', () => {
  const curve = curveOf(
    Array.from({ length: 50 }, (_, index) => index),
    25,
  )
  expect(curve.map(({ epoch, steps, lossSum }) => [epoch, steps, lossSum])).toEqual([
    [0.4, 10, 45],
    [0.8, 10, 145],
    [1, 5, 110],
    [1.4, 10, 295],
    [1.8, 10, 395],
    [2, 5, 235],
  ])
})

const lossesOf = (steps: number) => Array.from({ length: steps }, (_, index) => Math.abs(Math.sin(index)))

it('stays small over a long run and loses no step', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 300 }), (perEpoch, epochs) => {
      const losses = lossesOf(perEpoch * epochs)
      const curve = curveOf(losses, perEpoch)
      expect(curve.length).toBeLessThanOrEqual(400)
      expect(curve.reduce((sum, { steps }) => sum + steps, 0)).toBe(losses.length)
      expect(curve.at(-1)!.epoch).toBe(epochs)
      const total = curve.reduce((sum, { lossSum }) => sum + lossSum, 0)
      expect(total).toBeCloseTo(
        losses.reduce((sum, value) => sum + Math.fround(value), 0),
        6,
      )
    }),
    { numRuns: 30 },
  )
})

it('is the same to the last bit however often the run is interrupted', () => {
  const run = fc.integer({ min: 1, max: 40 }).chain((perEpoch) =>
    fc.tuple(
      fc.constant(perEpoch),
      fc.integer({ min: 1, max: 200 }).map((epochs) => epochs * perEpoch),
      fc.array(fc.nat(8000), { maxLength: 20 }),
    ),
  )
  fc.assert(
    fc.property(run, ([perEpoch, steps, interrupted]) => {
      const losses = lossesOf(steps)
      expect(curveOf(losses, perEpoch, new Set(interrupted))).toEqual(curveOf(losses, perEpoch))
    }),
    { numRuns: 60 },
  )
})
