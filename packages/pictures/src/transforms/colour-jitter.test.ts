import { loadEngine, randomKey, tf } from '@m2l/engine'
import { beforeAll, describe, expect, test } from 'vitest'
import { colourJitter } from '../index.js'

beforeAll(() => loadEngine())

const none = { brightness: 0, contrast: 0, saturation: 0 }
const shape: [number, number, number, number] = [40, 2, 2, 3]
const pixels = [70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 120, 80]
const grey = (offset: number) =>
  pixels[offset]! * 0.299 + pixels[offset + 1]! * 0.587 + pixels[offset + 2]! * 0.114
const meanGrey = (grey(0) + grey(3) + grey(6) + grey(9)) / 4

/** Forty copies of one picture, jittered; each row one picture. */
function jitter(seed: number, strengths = none): number[][] {
  return tf.tidy(() => {
    const images = tf.tensor4d(Array.from({ length: 40 }, () => pixels).flat(), shape)
    return colourJitter(images, randomKey(seed), strengths).reshape([40, 12]).arraySync() as number[][]
  })
}

describe('colourJitter', () => {
  test('of no strength changes nothing', () => {
    for (const picture of jitter(1)) picture.forEach((level, i) => expect(level).toBeCloseTo(pixels[i]!, 3))
  })

  test.each<[keyof typeof none, (index: number) => number]>([
    ['brightness', () => 0],
    ['contrast', () => meanGrey],
    ['saturation', (index) => grey(index - (index % 3))],
  ])('of %s blends with its opposite by a factor for each picture', (property, opposite) => {
    const factors = jitter(2, { ...none, [property]: 0.4 }).map((picture) => {
      // The first level tells the factor, and all others must agree.
      const factor = (picture[0]! - opposite(0)) / (pixels[0]! - opposite(0))
      picture.forEach((level, i) => {
        expect(level).toBeCloseTo(factor * pixels[i]! + (1 - factor) * opposite(i), 2)
      })
      return factor
    })
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.5999)
    expect(Math.min(...factors)).toBeLessThan(0.75)
    expect(Math.max(...factors)).toBeLessThanOrEqual(1.4001)
    expect(Math.max(...factors)).toBeGreaterThan(1.25)
  })

  test('stays within 0 to 255', () => {
    const levels = jitter(3, { brightness: 5, contrast: 5, saturation: 5 }).flat()
    expect(Math.min(...levels)).toBe(0)
    expect(Math.max(...levels)).toBe(255)
  })

  test('draws the same from the same key, leaves its input alone and no tensor behind', () => {
    expect(jitter(4, { ...none, contrast: 0.4 })).toEqual(jitter(4, { ...none, contrast: 0.4 }))
    expect(jitter(5, { ...none, contrast: 0.4 })).not.toEqual(jitter(4, { ...none, contrast: 0.4 }))
    const images = tf.ones<tf.Rank.R4>(shape)
    const before = tf.memory().numTensors
    colourJitter(images, randomKey(1)).dispose()
    expect(tf.memory().numTensors).toBe(before)
    expect(images.isDisposed).toBe(false)
    images.dispose()
  })
})
