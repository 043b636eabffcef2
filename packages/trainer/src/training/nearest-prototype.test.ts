import { loadEngine, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { nearestPrototype } from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

describe('nearestPrototype', () => {
  it('is the inner product of a pooled query and the class means of unit length', () => {
    const scores = tf.tidy(() => {
      const support = tf.tensor4d([2, 0, 4, 8, 0, 7], [3, 1, 1, 2]) // class means: [3, 4] and [0, 7]
      const query = tf.tensor4d([8, 0, 2, 10], [1, 2, 1, 2]) // pooled: [5, 5]
      return nearestPrototype()
        .scores({ map: support, shots: [2, 1] }, { map: query }, { training: false })
        .arraySync()
    })
    expect(scores[0]![0]).toBeCloseTo(5 * 0.6 + 5 * 0.8, 5)
    expect(scores[0]![1]).toBeCloseTo(5, 5)
  })
})
