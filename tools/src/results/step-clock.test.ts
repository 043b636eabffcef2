import { expect, it } from 'vitest'
import { StepClock } from './step-clock.js'

it('counts steps after the first five, and nothing of what lies between epochs', () => {
  const clock = new StepClock()
  let at = 0
  for (const epoch of [1, 2]) {
    for (let done = 0; done <= 8; done++) {
      clock.report(
        { phase: 'train', unit: 'batches', epoch, epochs: 2, total: 8, done, perSecond: 1, secondsLeft: 1 },
        at,
      )
      at += 2
    }
    clock.report({ phase: 'validate', unit: 'episodes', total: 5, done: 1, perSecond: 1, secondsLeft: 1 }, at)
    at += 1000
  }
  expect(clock.counted).toBe(3 + 8)
  expect(clock.secondsPerStep).toBe(2)
  expect(clock.perEpoch).toBe(8)
})
