import { loadEngine, randomKey, tf } from '@m2l/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { dropBlock, dropConnect, dropout, scheduledKeep } from '../index.js'

const key = randomKey(21)

beforeAll(async () => {
  await loadEngine()
})

describe('dropConnect', () => {
  it.each([0.1, 0.5])('leaves whole maps out at rate %d and keeps the expectation', (rate) => {
    const before = tf.memory().numTensors
    tf.tidy(() => {
      const maps: tf.Tensor4D = tf.ones([4000, 2, 3, 2])
      const dropped = dropConnect(maps, rate, { training: true, key }, 'a')
      const rows = dropped.reshape([4000, 12]).arraySync() as number[][]
      const expected = Math.fround(1 / (1 - rate))
      for (const row of rows) {
        expect(new Set(row).size).toBe(1)
        expect(row[0] === 0 || Math.abs(row[0]! - expected) < 1e-6).toBe(true)
      }
      const left = rows.filter(([first]) => first === 0).length / rows.length
      expect(Math.abs(left - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / rows.length))
      expect(dropConnect(maps, rate, { training: false }, 'a')).toBe(maps)
      expect(() => dropConnect(maps, rate, { training: true }, 'a')).toThrow('pass a key')
    })
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('dropout', () => {
  it.each([0.1, 0.5, 0.8])('keeps the expectation at rate %d and zeroes that share', (rate) => {
    const values = tf.tidy(() =>
      dropout(tf.ones([40_000]), rate, { training: true, key }, 'dropout').dataSync<'float32'>(),
    )
    const zeroes = values.filter((value) => value === 0).length / values.length
    expect(zeroes).toBeCloseTo(rate, 1.7)
    const expected = Math.fround(1 / (1 - rate))
    expect(values.every((value) => value === 0 || Math.abs(value - expected) < 1e-6)).toBe(true)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const fiveDeviations = 5 * Math.sqrt(rate / (1 - rate) / values.length)
    expect(Math.abs(mean - 1)).toBeLessThan(fiveDeviations)
  })

  it('is the identity outside training and draws by purpose inside', () => {
    const x = tf.ones([64])
    expect(dropout(x, 0.5, { training: false }, 'a')).toBe(x)
    const draw = (purpose: string) =>
      tf.tidy(() => Array.from(dropout(x, 0.5, { training: true, key }, purpose).dataSync()))
    expect(draw('a')).toEqual(draw('a'))
    expect(draw('a')).not.toEqual(draw('b'))
    expect(() => dropout(x, 0.5, { training: true }, 'a')).toThrow('pass a key')
    x.dispose()
  })

  it('passes gradients only through what it kept', () => {
    tf.tidy(() => {
      const x = tf.ones([64]) as tf.Tensor1D
      const context = { training: true, key }
      const gradient = tf.grad((input) => tf.sum(dropout(input, 0.5, context, 'a')))(x)
      expect(Array.from(gradient.dataSync())).toEqual(Array.from(dropout(x, 0.5, context, 'a').dataSync()))
    })
  })
})

describe('dropBlock', () => {
  const side = fc.integer({ min: 1, max: 9 })
  const drawn = (height: number, width: number, keep: number, seed: number, channels = 3) =>
    tf.tidy(() => {
      const x: tf.Tensor4D = tf.ones([2, height, width, channels])
      return dropBlock(x, tf.scalar(keep), 5, randomKey(seed))
        .transpose([0, 3, 1, 2])
        .arraySync() as number[][][][]
    })

  it('drops whole squares inside the map and scales the rest by count over ones', () => {
    fc.assert(
      fc.property(side, side, fc.constantFrom(0.5, 0.8, 0.95), fc.nat(), (height, width, keep, seed) => {
        const maps = drawn(height, width, keep, seed).flat()
        const values = maps.flat(2)
        const ones = values.filter((value) => value !== 0).length
        const scale = values.length / Math.max(ones, 1)
        for (const value of values) expect(value).toBeCloseTo(value === 0 ? 0 : scale, 4)
        const block = Math.min(5, height, width)
        for (const map of maps) expect(uncovered(map, block)).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  it('drops about the share that the schedule asks for', () => {
    const values = drawn(10, 10, 0.9, 4, 640).flat(3)
    const dropped = values.filter((value) => value === 0).length / values.length
    expect(dropped).toBeGreaterThan(0.07)
    expect(dropped).toBeLessThan(0.13)
  })

  it('is the identity while everything is kept', () => {
    expect(
      drawn(6, 6, 1, 3)
        .flat(3)
        .every((value) => value === 1),
    ).toBe(true)
  })

  it('leaves no tensor behind', () => {
    const keep = tf.scalar(0.9)
    const x: tf.Tensor4D = tf.ones([1, 6, 6, 2])
    const before = tf.memory().numTensors
    dropBlock(x, keep, 5, key).dispose()
    scheduledKeep(keep).dispose()
    expect(tf.memory().numTensors).toBe(before)
    tf.dispose([keep, x])
  })
})

describe('scheduledKeep', () => {
  it.each([
    [0, 1],
    [20_000, 0.95],
    [40_000, 0.9],
    [90_000, 0.9],
  ])('after %d batches is %d', (batches, keep) => {
    expect(tf.tidy(() => scheduledKeep(tf.scalar(batches)).dataSync()[0])).toBeCloseTo(keep, 6)
  })
})

/** The dropped positions that lie in no wholly dropped square. */
function uncovered(map: readonly (readonly number[])[], block: number): string[] {
  const dropped = (row: number, column: number) => map[row]?.[column] === 0
  const offsets = Array.from({ length: block }, (_, offset) => offset)
  const isSquare = (row: number, column: number) =>
    offsets.every((down) => offsets.every((right) => dropped(row + down, column + right)))
  return map.flatMap((values, row) =>
    values.flatMap((value, column) => {
      const covered = offsets.some((up) => offsets.some((left) => isSquare(row - up, column - left)))
      return value === 0 && !covered ? [`${row},${column}`] : []
    }),
  )
}
