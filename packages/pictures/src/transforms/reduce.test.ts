import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { toRgbImage, type RgbImage } from '../index.js'
import { reduce } from './reduce.js'

/** Noise, and white at the end, as testdata/make_reduce.py makes it. */
function generatedPicture(height: number, width: number): RgbImage {
  const length = height * width * 3
  const level = (i: number) => (i < Math.floor(length / 2) ? ((i * i * 7 + i * 31) >> 2) % 256 : 255)
  return { height, width, data: Uint8Array.from({ length }, (_, i) => level(i)) }
}

interface Reduced {
  readonly height: number
  readonly width: number
  readonly factor: number
  /** Base64. */
  readonly levels: string
}

test('means of boxes are those of Pillow to the bit', async () => {
  const file = join(import.meta.dirname, 'testdata/reduce.json')
  const cases = JSON.parse(await readFile(file, 'utf8')) as Reduced[]
  expect(cases).toHaveLength(7)
  for (const { height, width, factor, levels } of cases) {
    const { data } = reduce(generatedPicture(height, width), factor)
    expect([factor, ...data]).toEqual([factor, ...Buffer.from(levels, 'base64')])
  }
})

test('means are within two thirds of a level of the true ones, also where a picture passes in several bands', async () => {
  const sides = fc.record({
    height: fc.integer({ min: 1, max: 700 }),
    width: fc.integer({ min: 1, max: 1200 }),
    factor: fc.integer({ min: 1, max: 40 }),
  })
  fc.assert(
    fc.property(sides, ({ height, width, factor }) => {
      const image = generatedPicture(height, width)
      const reduced = reduce(image, factor)
      expect([reduced.width, reduced.height]).toEqual([Math.ceil(width / factor), Math.ceil(height / factor)])
      const means = reduced.data.filter((level, at) => Math.abs(level - meanOf(image, factor, at)) > 0.67)
      expect(means).toHaveLength(0)
    }),
    { numRuns: 30, examples: [[{ height: 700, width: 1200, factor: 3 }]] },
  )
})

/** The mean of the box that is the value at a place of the reduced picture. */
function meanOf({ width, height, data }: RgbImage, factor: number, at: number): number {
  const columns = Math.ceil(width / factor)
  const [channel, pixel] = [at % 3, Math.floor(at / 3)]
  const [left, top] = [(pixel % columns) * factor, Math.floor(pixel / columns) * factor]
  const [right, bottom] = [Math.min(width, left + factor), Math.min(height, top + factor)]
  let sum = 0
  for (let row = top; row < bottom; row++)
    for (let column = left; column < right; column++) sum += data[3 * (row * width + column) + channel]!
  return sum / ((right - left) * (bottom - top))
}

test.each([
  [100, 200, 50, 50, 100],
  [100, 200, 51, 100, 200],
  [149, 99, 33, 50, 33],
  [300, 300, 1, 2, 2],
])('%d x %d pixels become at least %d: %d x %d', async (width, height, reduceTo, ...expected) => {
  const reduced = await toRgbImage(generatedPicture(height, width), 'a', { reduceTo })
  expect([reduced.width, reduced.height]).toEqual(expected)
})
