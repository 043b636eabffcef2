import { gridParts, renderViews, resizeThenCrop, squareResize, type RgbImage, type View } from '@m2l/pictures'
import { loadEngine, randomKey, tf } from '@m2l/engine'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { pictureRegion } from './picture-region.js'

beforeAll(async () => {
  await loadEngine()
})

/** A picture whose red tells the column and whose green tells the row, as shares of 255. */
function coordinates(height: number, width: number): RgbImage {
  const data = new Uint8Array(height * width * 3)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = 3 * (row * width + column)
      data[at] = Math.round((255 * (column + 0.5)) / width)
      data[at + 1] = Math.round((255 * (row + 0.5)) / height)
    }
  }
  return { height, width, data }
}

const views: fc.Arbitrary<{ picture: RgbImage; view: View }> = fc
  .record({
    height: fc.integer({ min: 40, max: 120 }),
    width: fc.integer({ min: 40, max: 120 }),
    transform: fc.constantFrom(squareResize(24), resizeThenCrop(36, 24), gridParts([3, 2], 24)),
    seed: fc.option(fc.nat(1000), { nil: undefined }),
    chosen: fc.nat(100),
  })
  .map(({ height, width, transform, seed, chosen }) => {
    const all = transform({ height, width }, seed === undefined ? undefined : randomKey(seed))
    return { picture: coordinates(height, width), view: all[chosen % all.length]! }
  })

it('leads to the place of the picture that the view shows there: cut, mirrored or a part', () => {
  const cell = fc.integer({ min: 1, max: 4 })
  fc.assert(
    fc.property(views, cell, cell, ({ picture, view }, row, column) => {
      // A region of 4x4 pixels inside the 24x24 view.
      const region = { top: row / 6, bottom: (row + 1) / 6, left: column / 6, right: (column + 1) / 6 }
      const seen = tf.tidy(() => {
        const rendered = renderViews([picture], [[view]])
        const [red, green] = tf
          .mean(rendered.slice([0, 4 * row, 4 * column, 0], [1, 4, 4, 2]), [1, 2])
          .dataSync()
        return { column: red! / 255, row: green! / 255 }
      })
      const { top, bottom, left, right } = pictureRegion(region, view, picture)
      expect(Math.abs((left + right) / 2 - seen.column)).toBeLessThan(0.01)
      expect(Math.abs((top + bottom) / 2 - seen.row)).toBeLessThan(0.01)
    }),
    { numRuns: 60 },
  )
})

it('keeps the centre crop inside the picture and a whole view whole', () => {
  const everything = { top: 0, bottom: 1, left: 0, right: 1 }
  const size = { height: 50, width: 200 }
  expect(pictureRegion(everything, squareResize(10)(size)[0]!, size)).toEqual(everything)
  const crop = pictureRegion(everything, resizeThenCrop(92, 84)(size)[0]!, size)
  expect(crop.left).toBeCloseTo(4 / 92, 10)
  expect(crop.bottom).toBeCloseTo(88 / 92, 10)
})
