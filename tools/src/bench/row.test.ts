import { expect, test } from 'vitest'
import { rowOf } from './row.js'

const ours = [
  { values: [3, 1], peakMib: 100.4 },
  { values: [2, 9], peakMib: 120.4 },
]

test('without a peer a row has our median over all processes and our largest peak', () => {
  expect(rowOf('r12-train', 'f32', ours, [])).toEqual({
    work: 'r12-train',
    precision: 'f32',
    ours: 2.5,
    peer: null,
    ratio: null,
    oursPeakMib: 120,
    peerPeakMib: null,
  })
})

const slow = [{ values: [8, 8, 8], peakMib: 50 }]
const fast = [{ values: [5, 4, 6], peakMib: 70 }]

test.each([
  ['seconds', 'r12-infer', { peer: 5, ratio: 0.5, peerPeakMib: 70 }],
  ['a rate', 'images', { peer: 8, ratio: 0.3125, peerPeakMib: 50 }],
] as const)('of the ways in which a peer ran the fastest counts: %s', (_, work, expected) => {
  expect(rowOf(work, 'f32', ours, [slow, fast])).toMatchObject(expected)
  expect(rowOf(work, 'f32', ours, [fast, slow])).toMatchObject(expected)
})
