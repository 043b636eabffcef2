import { expect, it } from 'vitest'
import { WaitingTimes } from './waiting.js'

/** The times of a loop in which three batches take so long to come, and work on each takes so long. */
async function timesOf(wait: number, work: number): Promise<WaitingTimes> {
  let now = 1000
  const batches = async function* () {
    for (const batch of [1, 2, 3]) {
      now += wait
      yield batch
    }
  }
  const times = new WaitingTimes(() => now)
  const seen: number[] = []
  for await (const batch of times.measured(batches())) {
    seen.push(batch)
    now += work
  }
  expect(seen).toEqual([1, 2, 3])
  return times
}

it('tells the waiting for batches from the work on them', async () => {
  expect(new WaitingTimes().share).toBe(0)
  expect((await timesOf(5, 0)).share).toBe(1)
  expect((await timesOf(0, 5)).share).toBe(0)
  const run = await timesOf(1, 3)
  expect(run.share).toBe(0.25)
  run.add(await timesOf(9, 3))
  expect(run.share).toBe(30 / 48)
})
