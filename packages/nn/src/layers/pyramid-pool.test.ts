import { loadEngine, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { pyramidPool } from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

/** The mean over a rectangle of positions. */
function mean(map: number[][], [top, bottom]: [number, number], [left, right]: [number, number]): number {
  const values = map.slice(top, bottom).flatMap((row) => row.slice(left, right))
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

describe('pyramidPool', () => {
  it('averages overlapping cells as adaptive pooling does, grids one after the other', () => {
    const map = Array.from({ length: 5 }, (_, y) => Array.from({ length: 3 }, (_value, x) => y * y + 7 * x))
    const [five, three] = [5, 3]
    const expected = [
      mean(map, [0, 3], [0, 2]),
      mean(map, [0, 3], [1, 3]),
      mean(map, [2, five], [0, 2]),
      mean(map, [2, five], [1, 3]),
      mean(map, [0, five], [0, three]),
    ]
    const pooled = tf.tidy(() => pyramidPool(tf.tensor4d(map.flat(), [1, 5, 3, 1]), [2, 1]))
    expect(pooled.shape).toEqual([1, 5, 1, 1])
    for (const [cell, value] of Array.from(pooled.dataSync()).entries())
      expect(value).toBeCloseTo(expected[cell]!, 5)
    pooled.dispose()
  })

  it('keeps images and channels apart, and repeats positions where the map is smaller than the grid', () => {
    const pooled = tf.tidy(() => pyramidPool(tf.tensor4d([1, 2, 3, 4], [2, 1, 1, 2]), [2]).arraySync())
    expect(pooled).toEqual([
      [[[1, 2]], [[1, 2]], [[1, 2]], [[1, 2]]],
      [[[3, 4]], [[3, 4]], [[3, 4]], [[3, 4]]],
    ])
  })

  it('passes gradients on and leaves no tensor behind', () => {
    const map = tf.ones([1, 4, 4, 1]) as tf.Tensor4D
    const before = tf.memory().numTensors
    const gradient = tf.grad((x) => tf.sum(pyramidPool(x as tf.Tensor4D, [4, 1])))(map)
    expect(Array.from(gradient.dataSync())).toEqual(Array.from({ length: 16 }, () => 1 + 1 / 16))
    gradient.dispose()
    expect(tf.memory().numTensors).toBe(before)
    map.dispose()
  })

  it('refuses sizes that are none', () => {
    const map = tf.ones([1, 2, 2, 1]) as tf.Tensor4D
    expect(() => pyramidPool(map, [])).toThrow('1 or more cells a side, not []')
    expect(() => pyramidPool(map, [2, 0])).toThrow('1 or more cells a side, not [2, 0]')
    map.dispose()
  })
})
