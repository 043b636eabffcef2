import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { WaitingTimes } from './waiting.js'

async function* batchesAfter(milliseconds: number): AsyncGenerator<number> {
  for (const batch of [1, 2, 3]) {
    await setTimeout(milliseconds)
    yield batch
  }
}

/** The times of a loop that waits for batches and works on them. */
async function timesOf(wait: number, work: number): Promise<WaitingTimes> {
  const times = new WaitingTimes()
  const seen: number[] = []
  for await (const batch of times.measured(batchesAfter(wait))) {
    seen.push(batch)
    await setTimeout(work)
  }
  expect(seen).toEqual([1, 2, 3])
  return times
}

it('tells the waiting for batches from the work on them', async () => {
  expect(new WaitingTimes().share).toBe(0)
  const idle = await timesOf(40, 0)
  const busy = await timesOf(0, 40)
  expect(idle.share).toBeGreaterThan(0.5)
  expect(busy.share).toBeLessThan(0.5)
  const both = new WaitingTimes()
  both.add(idle)
  both.add(busy)
  expect(both.share).toBeLessThan(idle.share)
  expect(both.share).toBeGreaterThan(busy.share)
})
