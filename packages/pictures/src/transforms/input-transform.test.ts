import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, loadEngine, randomKey, tf } from '@m2l/engine'
import type { PictureInput } from '@m2l/nn'
import { beforeAll, describe, expect, test } from 'vitest'
import { type RgbImage, inputTransform, normalise, renderViews, wholeWindow } from '../index.js'

beforeAll(() => loadEngine())

/** Noise between stripes of black and white, as testdata/make_bicubic.py makes it. */
function generatedPicture(height: number, width: number): RgbImage {
  const level = (i: number) => (i % 5 ? ((i * i * 7 + i * 31) >> 2) % 256 : (i % 2) * 255)
  return { height, width, data: Uint8Array.from({ length: height * width * 3 }, (_, i) => level(i)) }
}

interface Resized {
  readonly height: number
  readonly width: number
  readonly size: [number, number]
  readonly cut: [number, number, number, number] | null
  /** Base64. */
  readonly levels: string
}

const plain: PictureInput = {
  size: 24,
  resize: 'square',
  filter: 'bicubic',
  mean: [0, 0, 0],
  deviation: [1, 1, 1],
}

test('the bicubic filter gives the levels of Pillow to the bit, whichever axis goes first', async () => {
  const file = join(import.meta.dirname, 'testdata/bicubic.json')
  const cases = JSON.parse(await readFile(file, 'utf8')) as Resized[]
  expect(cases).toHaveLength(8)
  for (const { height, width, size, cut, levels } of cases) {
    const image = generatedPicture(height, width)
    const view = {
      window: wholeWindow(image),
      size: { height: size[0], width: size[1] },
      filter: 'bicubic' as const,
      ...(cut && { cut: { top: cut[0], left: cut[1], height: cut[2], width: cut[3] } }),
      flip: false,
    }
    const rendered = tf.tidy(() => renderViews([image], [[view]]).dataSync<'float32'>())
    expect([...rendered]).toEqual([...Buffer.from(levels, 'base64')])
  }
})

describe('inputTransform', () => {
  test('square sees everything, whatever its shape', () => {
    const { transform } = inputTransform({ ...plain, filter: 'bilinear' })
    expect(transform({ height: 30, width: 50 })).toEqual([
      {
        window: { top: 0, left: 0, height: 30, width: 50 },
        size: { height: 24, width: 24 },
        filter: 'bilinear',
        flip: false,
      },
    ])
  })

  // What torchvision's Resize(shorter) and CenterCrop(224) do: sizes are cut off, halves rounded to even.
  test.each([
    [256, { height: 300, width: 500 }, { height: 256, width: 426 }, { top: 16, left: 101 }],
    [256, { height: 501, width: 300 }, { height: 427, width: 256 }, { top: 102, left: 16 }],
    [225, { height: 100, width: 100 }, { height: 225, width: 225 }, { top: 0, left: 0 }],
    [227, { height: 100, width: 100 }, { height: 227, width: 227 }, { top: 2, left: 2 }],
    [224, { height: 1, width: 1000 }, { height: 224, width: 224_000 }, { top: 0, left: 111_888 }],
  ])(
    'resizes the shorter side to %i, keeps the aspect and cuts the middle',
    (resize, image, size, corner) => {
      const { transform } = inputTransform({ ...plain, size: 224, resize })
      expect(transform(image)).toEqual([
        {
          window: { top: 0, left: 0, ...image },
          size,
          filter: 'bicubic',
          cut: { ...corner, height: 224, width: 224 },
          flip: false,
        },
      ])
    },
  )

  test('with a key a crop reaches every offset and half are mirrored', () => {
    const { transform } = inputTransform({ ...plain, resize: 28 })
    const views = Array.from(
      { length: 600 },
      (_, i) => transform({ height: 56, width: 60 }, randomKey(2).fold(i))[0]!,
    )
    expect(new Set(views.map(({ cut }) => cut!.top))).toEqual(new Set([0, 1, 2, 3, 4]))
    expect(new Set(views.map(({ cut }) => cut!.left))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]))
    const flips = views.filter(({ flip }) => flip).length
    expect(flips).toBeGreaterThan(240)
    expect(flips).toBeLessThan(360)
  })

  test('a level becomes (level - mean) / deviation', () => {
    const input: PictureInput = { ...plain, mean: [127, 0, 255], deviation: [128, 255, 51] }
    const { transform, normalisation } = inputTransform(input)
    const image = { height: 24, width: 24, data: new Uint8Array(24 * 24 * 3).fill(191) }
    const before = tf.memory().numTensors
    const rendered = renderViews([image], [transform(image)], { normalisation })
    const raw = renderViews([image], [transform(image)])
    const after = normalise(raw, normalisation)
    expect(after.dataSync()).toEqual(rendered.dataSync())
    const [red, green, blue] = rendered.dataSync()
    expect(red).toBeCloseTo(64 / 128, 6)
    expect(green).toBeCloseTo(191 / 255, 6)
    expect(blue).toBeCloseTo(-64 / 51, 6)
    tf.dispose([rendered, raw, after])
    expect(tf.memory().numTensors).toBe(before)
  })

  test.each<[Partial<PictureInput>, string]>([
    [{ size: 0 }, 'squareResize: a side of 0 pixels cannot be made; give a whole number of at least 1'],
    [
      { resize: 24.5 },
      'shorterSideThenCrop: a side of 24.5 pixels cannot be made; give a whole number of at least 1',
    ],
    [
      { resize: 23 },
      'shorterSideThenCrop: cannot cut 24 pixels out of a shorter side of 23; resize to 24 or more',
    ],
    [
      { mean: [0, Number.NaN, 0] },
      'mean is [0, NaN, 0]; give three numbers, in levels from 0 to 255: red, green, blue',
    ],
    [
      { deviation: [1, 0, 1] },
      'deviation is [1, 0, 1]; give three numbers above 0, in levels from 0 to 255: red, green, blue',
    ],
  ])('refuses %j', (wrong, message) => {
    expect(() => inputTransform({ ...plain, ...wrong })).toThrow(new InputError(message))
  })
})
