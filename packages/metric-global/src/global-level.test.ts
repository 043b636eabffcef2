import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { globalLevel, globalScores } from './index.js'

beforeAll(async () => {
  await loadEngine()
})

describe('globalScores', () => {
  it('is the negative squared distance of pooled features to class means, with unequal shots', () => {
    const support = tf.tensor4d([1, 3, 5, 7, 9, 11], [3, 2, 1, 1]) // pooled: 2, 6, 10
    const query = tf.tensor4d([0, 4], [2, 1, 1, 1])
    const scores = globalScores(support, [1, 2], query) // prototypes: 2, 8
    expect(scores.arraySync()).toEqual([
      [-4, -64],
      [-4, -16],
    ])
    tf.dispose([support, query, scores])
  })

  it('gives the same for equal shots whether averaged together or class by class', () => {
    tf.tidy(() => {
      const support = randomUniform(randomKey(1), [6, 2, 2, 3]) as tf.Tensor4D
      const query = randomUniform(randomKey(2), [4, 2, 2, 3]) as tf.Tensor4D
      const together = globalScores(support, [2, 2, 2], query).arraySync()
      const lastLonger = globalScores(
        tf.concat([support, support.slice([5, 0, 0, 0])]),
        [2, 2, 3],
        query,
      ).arraySync()
      expect(together.map((row) => row.slice(0, 2))).toEqual(lastLonger.map((row) => row.slice(0, 2)))
    })
  })
})

describe('globalLevel', () => {
  it('compares by the cosine where told', () => {
    tf.tidy(() => {
      const support = tf.tensor4d([3, 0, 1, 0, 0, 5], [3, 1, 1, 2]) // prototypes: [2, 0], [0, 5]
      const query = tf.tensor4d([6, 8, 0, 0], [2, 1, 1, 2])
      const level = globalLevel({ similarity: 'cosine' })
      const rows = level
        .scores({ map: support, shots: [2, 1] }, { map: query }, { training: false })
        .arraySync()
      expect(rows[0]![0]).toBeCloseTo(0.6, 6)
      expect(rows[0]![1]).toBeCloseTo(0.8, 6)
      expect(rows[1]).toEqual([0, 0])
    })
  })

  it('asks for maps and says so when there is none', () => {
    const level = globalLevel()
    expect(level.needs).toEqual(['map'])
    expect(() => level.scores({ shots: [1] }, {}, { training: false })).toThrow('level global needs `map`')
  })

  it('leaves no tensor but its result', () => {
    const map = randomUniform(randomKey(3), [2, 2, 2, 3]) as tf.Tensor4D
    const before = tf.memory().numTensors
    globalLevel()
      .scores({ map, shots: [1, 1] }, { map }, { training: false })
      .dispose()
    expect(tf.memory().numTensors).toBe(before)
    map.dispose()
  })
})
