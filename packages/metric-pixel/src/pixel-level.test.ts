import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { pixelLevel } from './index.js'

beforeAll(async () => {
  await loadEngine()
})

const map = (seed: number, shape: [number, number, number, number]) =>
  randomUniform(randomKey(seed), shape).sub(0.5) as tf.Tensor4D

describe('pixelLevel', () => {
  it('lets a support that is also the query win its class with the highest score possible', () => {
    tf.tidy(() => {
      const support = map(1, [3, 4, 2, 8])
      const scores = pixelLevel().scores(
        { map: support, shots: [1, 1, 1] },
        { map: support },
        { training: false },
      )
      const rows = scores.arraySync()
      for (const [label, row] of rows.entries()) {
        expect(row[label]).toBeCloseTo(4 * 2, 4)
        expect(Math.max(...row)).toBe(row[label])
      }
    })
  })

  it('does not depend on where in the maps the descriptors lie', () => {
    tf.tidy(() => {
      const [support, query] = [map(1, [2, 3, 3, 4]), map(2, [5, 3, 3, 4])]
      const level = pixelLevel({ neighbours: 3 })
      const straight = level.scores({ map: support, shots: [1, 1] }, { map: query }, { training: false })
      const turned = level.scores(
        { map: tf.reverse(support, 1), shots: [1, 1] },
        { map: tf.reverse(query, 2) },
        { training: false },
      )
      expect(tf.max(tf.abs(tf.sub(straight, turned))).dataSync()[0]).toBeLessThan(1e-5)
    })
  })

  it('compares maps of different sizes', () => {
    tf.tidy(() => {
      const scores = pixelLevel().scores(
        { map: map(1, [3, 2, 2, 4]), shots: [2, 1] },
        { map: map(2, [5, 3, 4, 4]) },
        { training: false },
      )
      expect(scores.shape).toEqual([5, 2])
    })
  })

  it('leaves no tensor but its result', () => {
    const x = map(1, [2, 2, 2, 4])
    const before = tf.memory().numTensors
    pixelLevel()
      .scores({ map: x, shots: [1, 1] }, { map: x }, { training: false })
      .dispose()
    expect(tf.memory().numTensors).toBe(before)
    x.dispose()
  })
})
