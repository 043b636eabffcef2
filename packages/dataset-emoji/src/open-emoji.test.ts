import { InputError, loadEngine, tf } from '@m2l/engine'
import type { Dataset } from '@m2l/datasets'
import type { RgbImage } from '@m2l/pictures'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { artists } from './artists.js'
import { nearTwinGroups, openEmoji } from './index.js'

let emoji: Dataset
let images: Map<string, RgbImage[]>
let splitOf: Map<string, string>

beforeAll(async () => {
  await loadEngine()
  emoji = await openEmoji()
  const classes = Object.values(emoji.splits).flatMap((split) => split.classes)
  const pixels = await emoji.readMany(classes.flatMap((drawn) => drawn.images))
  images = new Map(classes.map(({ name }, index) => [name, pixels.slice(index * 8, index * 8 + 8)]))
  splitOf = new Map(
    Object.values(emoji.splits).flatMap((split) =>
      split.classes.map(({ name }) => [name, split.name] as const),
    ),
  )
})
afterAll(() => emoji.close())

describe('the emoji', () => {
  test('are 894 classes in three splits, each drawn once by eight artists', () => {
    const counts = Object.entries(emoji.splits).map(([name, split]) => [name, split.classes.length])
    expect(Object.fromEntries(counts)).toEqual({ train: 572, val: 143, test: 179 })
    expect(splitOf.size).toBe(894)
    for (const { classes } of Object.values(emoji.splits)) {
      for (const { name, images: drawn } of classes) {
        expect(drawn.map(({ id }) => id)).toEqual(artists.map((artist) => `${name}/${artist}.png`))
      }
    }
  })

  test('are 32 pixels square, on white, and fill their frame', () => {
    const extents: number[] = []
    for (const drawings of images.values()) {
      for (const { height, width, data } of drawings) {
        expect([height, width, data.length]).toEqual([32, 32, 32 * 32 * 3])
        extents.push(extent(data))
      }
    }
    extents.sort((a, b) => a - b)
    expect(extents[0]).toBeGreaterThanOrEqual(5)
    expect(extents[Math.floor(extents.length * 0.05)]).toBeGreaterThanOrEqual(20)
    expect(extents[Math.floor(extents.length / 2)]).toBeGreaterThanOrEqual(28)
  })

  test('keep near-twins by name in one split', () => {
    for (const group of nearTwinGroups([...splitOf.keys()].toSorted())) {
      expect(new Set(group.map((name) => splitOf.get(name))).size, group.join(' ')).toBe(1)
    }
  })

  test('keep near-twins by drawing in one split: none across splits are nearer than .16', () => {
    const names = [...images.keys()]
    const before = tf.memory().numTensors
    const distances = tf.tidy(() => meanDistances(names).dataSync<'float32'>())
    expect(tf.memory().numTensors).toBe(before)
    const near: string[] = []
    let twins = 0
    names.forEach((a, row) => {
      names.slice(0, row).forEach((b, column) => {
        if (distances[row * names.length + column]! >= 0.16) return
        twins++
        if (splitOf.get(a) !== splitOf.get(b)) near.push(`${a} ${b}`)
      })
    })
    expect(near).toEqual([])
    expect(twins).toBeGreaterThan(300)
  })
})

test('sizes that cannot be drawn are refused', async () => {
  for (const size of [7, 513, 32.5, Number.NaN]) await expect(openEmoji({ size })).rejects.toThrow(InputError)
})

/** The longer side of the box around everything that is not white. */
function extent(data: Uint8Array): number {
  const inked = Array.from({ length: 32 * 32 }, (_, pixel) => pixel).filter(
    (pixel) => Math.min(data[pixel * 3]!, data[pixel * 3 + 1]!, data[pixel * 3 + 2]!) < 240,
  )
  const rows = inked.map((pixel) => Math.floor(pixel / 32))
  const columns = inked.map((pixel) => pixel % 32)
  return Math.max(Math.max(...rows) - Math.min(...rows), Math.max(...columns) - Math.min(...columns)) + 1
}

/**
 * Root mean square difference of colours in 0..1 between classes, averaged over the artists: [classes,
 * classes].
 */
function meanDistances(names: readonly string[]): tf.Tensor2D {
  const byArtist = artists.map((_, artist) =>
    tf.tidy(() => {
      const rows = names.map((name) => tf.tensor1d(Float32Array.from(images.get(name)![artist]!.data)))
      const flat = tf.stack(rows).div(255) // [classes, 3072]
      const squares = flat.square().sum(1, true) // [classes, 1]
      const products = tf.matMul(flat, flat, false, true) // [classes, classes]
      return squares.add(squares.transpose()).sub(products.mul(2)).relu().div(3072).sqrt() as tf.Tensor2D
    }),
  )
  return tf.addN(byArtist).div(artists.length)
}
