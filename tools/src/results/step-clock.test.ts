import { expect, it } from 'vitest'
import { StepClock } from './step-clock.js'

it('counts steps after the first five, and nothing of what lies between epochs', () => {
  const clock = new StepClock()
  let seconds = 0
  const report = (epoch: number | undefined, done: number) => {
    const measures = { unit: 'batches', total: 8, done, perSecond: 1, secondsLeft: 1 } as const
    const progress =
      epoch === undefined
        ? ({ phase: 'validate', ...measures } as const)
        : ({ phase: 'train', epoch, epochs: 2, ...measures } as const)
    clock.report(progress, { seconds, cpuSeconds: 1.5 * seconds })
  }
  for (const epoch of [1, 2]) {
    for (let done = 0; done <= 8; done++) {
      report(epoch, done)
      seconds += 2
    }
    report(undefined, 1)
    seconds += 1000
  }
  expect(clock.counted).toBe(3 + 8)
  expect([clock.secondsPerStep, clock.cpuSecondsPerStep]).toEqual([2, 3])
  expect(clock.perEpoch).toBe(8)
})
