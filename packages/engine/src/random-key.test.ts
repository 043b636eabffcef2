import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { randomKey } from './index.js'

test.each([0, 1, -7, 2 ** 40])('a key of seed %d folds into the first bytes of a SHA-256', (seed) => {
  const key = randomKey(seed)
  const digest = createHash('sha256')
    .update(JSON.stringify([key.seed, ['épisode', 17]]))
    .digest()
  expect(key.fold('épisode', 17).seed).toEqual([digest.readInt32LE(0), digest.readInt32LE(4)])
})
