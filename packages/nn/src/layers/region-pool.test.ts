import { loadEngine, tf } from '@m2l/engine'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { regionPool, type Region } from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

const whole: Region = { top: 0, bottom: 1, left: 0, right: 1 }

function pooled(map: number[][], ...regions: Region[]): number[] {
  return tf.tidy(() => {
    const values = tf.tensor4d(map.flat(), [1, map.length, map[0]!.length, 1])
    return Array.from(regionPool(values, regions).dataSync())
  })
}

/** Spans of a side that are no shorter than a hundredth of it. */
const spans = fc
  .tuple(fc.double({ min: 0, max: 0.99, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([start, share]) => [start, Math.min(1, start + 0.01 + share * (0.99 - start))] as const)
const anyRegion = fc
  .tuple(spans, spans)
  .map(([[top, bottom], [left, right]]): Region => ({ top, bottom, left, right }))
const side = fc.integer({ min: 1, max: 7 })

describe('regionPool', () => {
  it('weights positions by how much of the region their cells cover', () => {
    const map = [
      [1, 2],
      [4, 8],
    ]
    const regions = [
      { top: 0, bottom: 0.75, left: 0, right: 0.75 },
      { top: 1 / 6, bottom: 5 / 6, left: 0.5, right: 1 },
      { top: 0.6, bottom: 0.7, left: 0.1, right: 0.2 },
    ]
    const [corner, right, within] = pooled(map, ...regions)
    expect(corner).toBeCloseTo((4 * 1 + 2 * 2 + 2 * 4 + 8) / 9, 5)
    expect(right).toBeCloseTo((2 + 8) / 2, 5)
    expect(within).toBeCloseTo(4, 5)
  })

  it('is the mean where a region is made of whole positions', () => {
    const map = Array.from({ length: 4 }, (_, y) => Array.from({ length: 5 }, (_value, x) => y * y + 7 * x))
    const [all, some] = pooled(map, whole, { top: 0.25, bottom: 0.75, left: 0.4, right: 1 })
    expect(all).toBeCloseTo(3.5 + 14, 4)
    expect(some).toBeCloseTo(2.5 + 21, 4)
  })

  it('has weights that sum to one, so that a constant map gives constant parts', () => {
    fc.assert(
      fc.property(
        side,
        side,
        fc.array(anyRegion, { minLength: 1, maxLength: 5 }),
        (rows, columns, regions) => {
          const constant = Array.from({ length: rows }, () => Array.from({ length: columns }, () => 3))
          for (const value of pooled(constant, ...regions)) expect(value).toBeCloseTo(3, 4)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('is the centre of the region on a map of coordinates that is fine enough', () => {
    const fine = 40
    const map = Array.from({ length: fine }, () => Array.from({ length: fine }, (_, x) => (x + 0.5) / fine))
    fc.assert(
      fc.property(anyRegion, (region) => {
        expect(Math.abs(pooled(map, region)[0]! - (region.left + region.right) / 2)).toBeLessThan(1 / fine)
      }),
      { numRuns: 50 },
    )
  })

  it('keeps images and channels apart', () => {
    const parts = tf.tidy(() =>
      regionPool(tf.tensor4d([1, 2, 3, 4], [2, 1, 1, 2]), [whole, { ...whole, right: 0.5 }]).arraySync(),
    )
    expect(parts).toEqual([
      [
        [1, 2],
        [1, 2],
      ],
      [
        [3, 4],
        [3, 4],
      ],
    ])
  })

  it('passes gradients on and leaves no tensor behind', () => {
    const map = tf.ones([1, 2, 2, 1]) as tf.Tensor4D
    const regions = [whole, { ...whole, bottom: 0.75, right: 0.75 }]
    const before = tf.memory().numTensors
    const gradient = tf.grad((x) => tf.sum(regionPool(x as tf.Tensor4D, regions)))(map)
    const expected = [4, 2, 2, 1].map((ninths) => 1 / 4 + ninths / 9)
    for (const [at, value] of Array.from(gradient.dataSync()).entries())
      expect(value).toBeCloseTo(expected[at]!, 5)
    gradient.dispose()
    expect(tf.memory().numTensors).toBe(before)
    map.dispose()
  })

  it.each([
    [[], '1 or more regions, not none'],
    [[{ ...whole, bottom: 0 }], 'a share of an image from 0 to 1, not {"top":0,"bottom":0'],
    [[whole, { ...whole, left: -0.1 }], '"left":-0.1'],
    [[{ ...whole, right: Number.NaN }], '"right":null'],
  ])('refuses %j', (regions, message) => {
    const map = tf.ones([1, 2, 2, 1]) as tf.Tensor4D
    const before = tf.memory().numTensors
    expect(() => regionPool(map, regions)).toThrow(message)
    expect(tf.memory().numTensors).toBe(before)
    map.dispose()
  })
})
