import { loadEngine, randomKey, tf } from '@m2l/engine'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type RgbImage,
  type View,
  cifarNormalisation,
  gridParts,
  normalise,
  renderViews,
  squareResize,
  wholeWindow,
} from '../index.js'

beforeAll(() => loadEngine())

/** Renders and reads the result back; the tensor is gone afterwards. */
function levels(image: RgbImage, ...views: View[]): Float32Array {
  return tf.tidy(() => renderViews([image], [views]).dataSync<'float32'>())
}

function noise(height: number, width: number, seed: number): RgbImage {
  const random = randomKey(seed).generator()
  return { height, width, data: Uint8Array.from({ length: height * width * 3 }, () => random.integer(256)) }
}

const imageArbitrary = fc
  .record({ height: fc.integer({ min: 1, max: 24 }), width: fc.integer({ min: 1, max: 24 }), seed: fc.nat() })
  .map(({ height, width, seed }) => noise(height, width, seed))

const windowed = imageArbitrary.chain((image) =>
  fc
    .record({
      top: fc.nat(image.height - 1),
      left: fc.nat(image.width - 1),
      size: fc.record({ height: fc.integer({ min: 1, max: 30 }), width: fc.integer({ min: 1, max: 30 }) }),
    })
    .chain(({ top, left, size }) =>
      fc
        .record({
          height: fc.integer({ min: 1, max: image.height - top }),
          width: fc.integer({ min: 1, max: image.width - left }),
        })
        .map((extent) => ({
          image,
          view: { window: { top, left, ...extent }, size, flip: false } satisfies View,
        })),
    ),
)

describe('the antialiased bilinear filter', () => {
  const row = (...greys: number[]): RgbImage => ({
    height: 1,
    width: greys.length,
    data: Uint8Array.from(greys.flatMap((grey) => [grey, grey, grey])),
  })
  const resized = (image: RgbImage, height: number, width: number) =>
    levels(image, { window: wholeWindow(image), size: { height, width }, flip: false })
  const greysOf = (pixels: Float32Array) => [...pixels].filter((_, index) => index % 3 === 0)

  test('halves by a triangle four pixels wide, cut off and made whole at the edges', () => {
    // In the middle 1/8, 3/8, 3/8, 1/8; at the edges three of them, 3/7, 3/7, 1/7.
    const halved = greysOf(resized(row(0, 0, 0, 80, 0, 0, 0, 0), 1, 4))
    expect(halved).toEqual([0, 30, 10, 0])
    expect(greysOf(resized(row(70, 0, 0, 0, 0, 0, 0, 140), 1, 4))).toEqual([30, 0, 0, 60])
    expect(greysOf(resized(row(0, 0, 70, 0, 0, 140, 0, 0), 1, 4))).toEqual([10, 26, 53, 20])
  })

  test('doubles by the two nearest pixels', () => {
    expect(greysOf(resized(row(0, 100, 20), 1, 6))).toEqual([0, 25, 75, 80, 40, 20])
  })

  test('treats rows as columns', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(255), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 20 }),
        (greys, side) => {
          const upright = { ...row(...greys), height: greys.length, width: 1 }
          expect(resized(upright, side, 1)).toEqual(resized(row(...greys), 1, side))
        },
      ),
    )
  })
})

describe('laws of a view', () => {
  test('without a resize the window is copied exactly', () => {
    fc.assert(
      fc.property(windowed, ({ image, view: { window } }) => {
        const { height, width, top, left } = window
        const copied = levels(image, { window, size: { height, width }, flip: false })
        const expected = Array.from({ length: height }, (_, row) => {
          const start = ((top + row) * image.width + left) * 3
          return [...image.data.subarray(start, start + width * 3)]
        })
        expect([...copied]).toEqual(expected.flat())
      }),
    )
  })

  test('a picture of one colour keeps it at every size: coefficients sum to 1', () => {
    fc.assert(
      fc.property(windowed, fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)), ({ image, view }, colour) => {
        const flat = { ...image, data: image.data.map((_, index) => colour[index % 3]!) }
        expect(levels(flat, view).every((level, index) => level === colour[index % 3])).toBe(true)
      }),
    )
  })

  test('what lies outside the window has no influence', () => {
    fc.assert(
      fc.property(windowed, ({ image, view }) => {
        const { top, left, height, width } = view.window
        const data = image.data.map((level, index) => {
          const row = Math.floor(index / 3 / image.width)
          const column = Math.floor(index / 3) % image.width
          return row >= top && row < top + height && column >= left && column < left + width
            ? level
            : 255 - level
        })
        expect(levels({ ...image, data }, view)).toEqual(levels(image, view))
      }),
    )
  })

  test('a cut of the resized window equals the same pixels of the whole', () => {
    fc.assert(
      fc.property(windowed, fc.nat(), fc.nat(), ({ image, view }, a, b) => {
        const { height, width } = view.size
        const cut = {
          top: a % height,
          left: b % width,
          height: height - (a % height),
          width: width - (b % width),
        }
        const whole = levels(image, view)
        const expected = Array.from({ length: cut.height }, (_, row) => {
          const start = ((cut.top + row) * width + cut.left) * 3
          return [...whole.subarray(start, start + cut.width * 3)]
        })
        expect([...levels(image, { ...view, cut })]).toEqual(expected.flat())
      }),
    )
  })

  test('a flip mirrors the result, and flipping twice is the identity', () => {
    fc.assert(
      fc.property(windowed, ({ image, view }) => {
        const { height, width } = view.size
        const flipped = levels(image, { ...view, flip: true })
        const mirror = { height, width, data: Uint8Array.from(flipped) }
        const again = levels(mirror, { window: wholeWindow(mirror), size: view.size, flip: true })
        expect(again).toEqual(levels(image, view))
      }),
    )
  })

  test('a flip of the picture and a flip of the view cancel', () => {
    const image: RgbImage = { height: 1, width: 3, data: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]) }
    const view = { window: wholeWindow(image), size: { height: 1, width: 3 }, flip: true }
    expect([...levels(image, view)]).toEqual([7, 8, 9, 4, 5, 6, 1, 2, 3])
  })
})

describe('renderViews', () => {
  test('views of differently sized images lie one after another', () => {
    const images = [noise(9, 7, 1), noise(5, 12, 2)]
    const views = images.map((image) => gridParts([2, 1], 4)(image))
    const together = tf.tidy(() => {
      const rendered = renderViews(images, views)
      expect(rendered.shape).toEqual([10, 4, 4, 3])
      return [...rendered.dataSync()]
    })
    expect(together).toEqual(images.flatMap((image, index) => Array.from(levels(image, ...views[index]!))))
  })

  test('its normalisation option and normalise agree to the bit, and no tensor is left over', () => {
    const image = noise(6, 6, 3)
    const views = [squareResize(8)(image)]
    const before = tf.memory().numTensors
    const raw = renderViews([image], views)
    const after = normalise(raw, cifarNormalisation)
    const direct = renderViews([image], views, { normalisation: cifarNormalisation })
    expect(tf.memory().numTensors).toBe(before + 3)
    const pixels = raw.dataSync()
    expect(after.dataSync()).toEqual(direct.dataSync())
    after.dataSync().forEach((value, index) => {
      const channel = index % 3
      const formula =
        (pixels[index]! / 255 - cifarNormalisation.mean[channel]!) / cifarNormalisation.std[channel]!
      expect(value).toBeCloseTo(formula, 5)
    })
    tf.dispose([raw, after, direct])
  })

  test.each<[string, View[][], RegExp]>([
    ['a missing list', [], /1 images but views for 0/],
    ['no view', [[]], /no view/],
    [
      'a window outside the image',
      [[{ window: { top: 0, left: 3, height: 2, width: 2 }, size: { height: 2, width: 2 }, flip: false }]],
      /window 2x2 at row 0, column 3 .* inside 4x4/,
    ],
    [
      'a cut outside the resized window',
      [
        [
          {
            window: { top: 0, left: 0, height: 4, width: 4 },
            size: { height: 2, width: 2 },
            cut: { top: 1, left: 0, height: 2, width: 2 },
            flip: false,
          },
        ],
      ],
      /cut 2x2 at row 1, column 0/,
    ],
    [
      'two result sizes',
      [[2, 3].map((side) => squareResize(side)({ height: 4, width: 4 })[0]!)],
      /one result size, got 2x2 and 3x3/,
    ],
  ])('refuses %s', (_, views, message) => {
    expect(() => renderViews([noise(4, 4, 4)], views)).toThrow(message)
  })
})
