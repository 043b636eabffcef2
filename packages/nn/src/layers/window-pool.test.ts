import { loadEngine, tf } from '@m2l/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { windowPool } from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

function pooledOf(map: number[], shape: [number, number, number, number], window: 'mean' | 'centre') {
  return tf.tidy(() => {
    const pooled = windowPool(tf.tensor4d(map, shape), window)
    expect(pooled.shape).toEqual([shape[0], 1, 1, shape[3]])
    return Array.from(pooled.dataSync())
  })
}

describe('windowPool', () => {
  it('weighs the middle of three positions twice as much as those beside it', () => {
    expect(pooledOf([4, 8, 16], [1, 1, 3, 1], 'centre')[0]).toBeCloseTo((4 + 2 * 8 + 16) / 4, 5)
    expect(pooledOf([4, 8, 16], [1, 3, 1, 1], 'mean')[0]).toBeCloseTo(28 / 3, 5)
  })

  it('is what it averages where all positions are alike, and the same mirrored, whatever the size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: -8, max: 8 }),
        (height, width, value) => {
          const flat = Array.from({ length: height * width }, () => value)
          expect(pooledOf(flat, [1, height, width, 1], 'centre')[0]).toBeCloseTo(value, 4)
          const rising = flat.map((_, at) => at)
          const [there, back] = [rising, rising.toReversed()].map(
            (map) => pooledOf(map, [1, height, width, 1], 'centre')[0]!,
          )
          expect(there).toBeCloseTo(back!, 3)
        },
      ),
    )
  })

  it('passes gradients on and leaves no tensor behind', () => {
    const map = tf.ones([1, 3, 3, 1]) as tf.Tensor4D
    const before = tf.memory().numTensors
    const gradient = tf.grad((x) => windowPool(x as tf.Tensor4D, 'centre').sum())(map)
    const values = Array.from(gradient.dataSync())
    gradient.dispose()
    expect(values.map((value) => Math.round(16 * value))).toEqual([1, 2, 1, 2, 4, 2, 1, 2, 1])
    expect(tf.memory().numTensors).toBe(before)
    map.dispose()
  })
})
