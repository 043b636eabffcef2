import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodePicture } from '../../../index.js'
import { messageOf } from '../../../make-pictures.test.helper.js'
import { type TiffContent, tiffOf } from './tiff-file.test.helper.js'

const size = { width: 3, height: 2 } as const

/** Red, green and blue of all pixels. */
async function pixelsOf(content: TiffContent): Promise<number[]> {
  return [...(await decodePicture(tiffOf(content), 'a.tif')).data]
}

const refusal = (content: TiffContent) => messageOf(decodePicture(tiffOf(content), 'a.tif'))

const repeated = (grey: readonly number[]) => grey.flatMap((level) => [level, level, level])

const storage = fc.record({ isBigEndian: fc.boolean(), isDeflated: fc.boolean() })

describe('floating-point numbers from 0 to 1', () => {
  test.each([
    [16, 1],
    [32, 1],
    [64, 1],
    [16, 2],
    [32, 2],
    [64, 2],
    [32, 0],
  ])('of %i bits, photometric interpretation %i, become 255 times as much', async (bits, photometric) => {
    const length = 6 * (photometric === 2 ? 3 : 1)
    const parts = fc.array(fc.integer({ min: 0, max: 1024 }), { minLength: length, maxLength: length })
    await fc.assert(
      fc.asyncProperty(parts, storage, async (values, stored) => {
        const shares = values.map((value) => value / 1024)
        const levels = await pixelsOf({ ...size, ...stored, values: shares, photometric, bits, format: 3 })
        const light = shares.map((share) => 255 * (photometric === 0 ? 1 - share : share))
        const expected = photometric === 2 ? light : repeated(light)
        for (const [at, level] of levels.entries()) {
          expect(Math.abs(level - expected[at]!)).toBeLessThanOrEqual(0.5)
        }
      }),
      { numRuns: 25 },
    )
  })

  test('may be beyond them by half a level, as resampling leaves them', async () => {
    const values = [-0.001, 0, 0.5, 0.75, 1, 1.001]
    expect(await pixelsOf({ ...size, values, bits: 32, format: 3 })).toEqual(
      repeated([0, 0, 128, 191, 255, 255]),
    )
  })

  test.each([
    ['levels', [0, 3, 17, 120, 200, 255], /^a\.tif: is a TIFF picture of floating-point numbers from 0 to 255, where 0 is to be black and 1 white; scale them to 0 to 1 \(divide levels by 255\), or save it with 8 or 16 bits$/], // prettier-ignore
    ['more than white', [0, 0, 0, 1, 2, 4.5], /from 0 to 4\.5, where .*; scale them to 0 to 1, or/],
    ['less than black', [-1, 0, 0, 0, 0, 1], /from -1 to 1, where/],
    ['no number', [0, 0, 0, Number.NaN, 0, 1], /one of which is NaN; replace what is not finite/],
    ['no end', [0, 0, 0, Number.POSITIVE_INFINITY, 0, 1], /one of which is Infinity; replace/],
  ])('are refused with %s', async (_, values, message) => {
    for (const bits of [32, 64]) {
      expect(await refusal({ ...size, values, bits, format: 3 })).toMatch(message)
      const rgb = values.flatMap((value) => [0.5, value, 0.5])
      expect(await refusal({ ...size, values: rgb, photometric: 2, bits, format: 3 })).toMatch(message)
    }
  })
})

describe('whole numbers', () => {
  test.each([1, 2, 4, 6, 8])(
    'of %i bits are spread from 0 to 255, light on dark or dark on light',
    async (bits) => {
      const values = [0, 1, 2 ** (bits - 1), 2 ** bits - 1, 0, 2 ** bits - 1]
      const shape = { width: 6, height: 1, values, bits }
      const levels = values.map((value) => Math.round((255 * value) / (2 ** bits - 1)))
      expect(await pixelsOf(shape)).toEqual(repeated(levels))
      expect(await pixelsOf({ ...shape, photometric: 0 })).toEqual(
        repeated(levels.map((level) => 255 - level)),
      )
    },
  )

  test.each([10, 12, 14, 16])('of %i bits keep their upper 8', async (bits) => {
    const values = [0, 1, 255, 256, 2 ** (bits - 1), 2 ** bits - 1]
    expect(await pixelsOf({ width: 6, height: 1, values, bits })).toEqual(
      repeated(values.map((value) => value >> (bits - 8))),
    )
  })

  test('of 16 bits keep their upper 8 even where only 12 are used', async () => {
    const values = [0, 255, 256, 1000, 4000, 4095]
    for (const isBigEndian of [false, true]) {
      expect(await pixelsOf({ ...size, values, bits: 16, isBigEndian })).toEqual(
        repeated([0, 0, 1, 3, 15, 15]),
      )
    }
  })

  test('inks of 16 bits become light as those of 8', async () => {
    const inks = [0, 0, 0, 0, 65535, 0, 0, 0, 0, 0, 0, 65535, 25600, 12800, 6400, 32768]
    const shape = { width: 2, height: 2, photometric: 5 }
    const eight = await pixelsOf({ ...shape, values: inks.map((ink) => ink >> 8) })
    expect(await pixelsOf({ ...shape, values: inks, bits: 16 })).toEqual(eight)
    expect(eight.slice(0, 9)).toEqual([255, 255, 255, 0, 255, 255, 0, 0, 0])
  })
})

describe('samples beyond the colours', () => {
  const shape = { width: 2, height: 1, photometric: 2 }
  const values = [200, 100, 50, 0, 200, 100, 50, 51]

  test('are alpha where the file says so, laid on white', async () => {
    expect((await pixelsOf({ ...shape, values, tags: { 338: [2] } })).slice(0, 3)).toEqual([255, 255, 255])
    const deep = values.map((value) => value / 255)
    const half = await pixelsOf({ ...shape, values: deep, bits: 32, format: 3, tags: { 338: [2] } })
    expect(half).toEqual([255, 255, 255, 244, 224, 214])
  })

  test('are parts of the colours where they are premultiplied', async () => {
    const covered = [0, 0, 0, 0, 0.4, 0.204, 0.1, 0.5]
    const content = { ...shape, values: covered, bits: 32, format: 3, tags: { 338: [1] } }
    expect(await pixelsOf(content)).toEqual([255, 255, 255, 230, 180, 153])
    const dropped = await decodePicture(tiffOf(content), 'a.tif', { transparency: 'drop' })
    expect([...dropped.data]).toEqual([0, 0, 0, 204, 104, 51])
  })

  test('are passed over where the file does not say what they are', async () => {
    expect(await pixelsOf({ ...shape, values, tags: { 338: [0] } })).toEqual([200, 100, 50, 200, 100, 50])
    expect(await pixelsOf({ width: 2, height: 1, values: [7, 0, 9, 200], tags: { 338: [0] } })).toEqual([
      7, 7, 7, 9, 9, 9,
    ])
  })
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'orientation %i is undone as for whole numbers of 8 bits',
  async (turn) => {
    const values = [0, 40, 80, 120, 160, 200]
    const upright = await decodePicture(tiffOf({ ...size, values, tags: { 274: [turn] } }), 'a.tif')
    const shares = values.map((value) => value / 255)
    const content = { ...size, values: shares, bits: 32, format: 3, tags: { 274: [turn] } }
    const { width, height, data } = await decodePicture(tiffOf(content), 'a.tif')
    expect([width, height]).toEqual(turn > 4 ? [2, 3] : [3, 2])
    expect({ width, height, data: [...data] }).toEqual({
      width: upright.width,
      height: upright.height,
      data: [...upright.data],
    })
  },
)

test('large pictures are reduced', async () => {
  const values = Array.from({ length: 80 * 60 }, (_, at) => (at % 80 < 40 ? 0.2 : 0.8))
  const bytes = tiffOf({ width: 80, height: 60, values, bits: 32, format: 3, tags: { 274: [6] } })
  const { width, height, data } = await decodePicture(bytes, 'a.tif', { reduceTo: 15 })
  expect([width, height, data[0], data.at(-1)]).toEqual([15, 20, 51, 204])
})

test('reads ZSTD', async () => {
  const base64 =
    'SUkqAAgAAAAMAAABBAABAAAAAwAAAAEBBAABAAAAAgAAAAIBAwABAAAACAAAAAMBAwABAAAAUMMAAAYBAwABAAAAAQAAABEBBAABAAAAsAAAABUBAwABAAAAAQAAABYBBAABAAAAAgAAABcBBAABAAAADwAAABoBBQABAAAAngAAABsBBQABAAAApgAAACgBAwABAAAAAQAAAAAAAAABAAAAAQAAAAEAAAABAAAAAAAotS/9IAYxAAAAKFB4oMg='
  const { width, height, data } = await decodePicture(Buffer.from(base64, 'base64'), 'a.tif')
  expect([width, height, ...data]).toEqual([3, 2, ...repeated([0, 40, 80, 120, 160, 200])])
  const damaged = Buffer.from(base64, 'base64')
  damaged[damaged.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))]! ^= 0xff
  expect(await messageOf(decodePicture(damaged, 'a.tif'))).toMatch(/^a\.tif: is cut off or damaged/)
})

test('reads strips that are said to be higher than the picture', async () => {
  const values = [0, 40, 80, 120, 160, 200]
  for (const isDeflated of [false, true]) {
    const bytes = tiffOf({
      ...size,
      values: values.map((value) => value / 255),
      bits: 32,
      format: 3,
      isDeflated,
    })
    const rows = bytes.indexOf(Buffer.from([0x16, 0x01, 4, 0]))
    bytes.writeUInt32LE(2 ** 32 - 1, rows + 8)
    expect([...(await decodePicture(bytes, 'a.tif')).data]).toEqual(repeated(values))
  }
})

describe('what is not read is named', () => {
  const values = [1, 2, 3, 4, 5, 6]
  const three = values.flatMap((value) => [value, value, value])
  test.each<[string, TiffContent]>([
    ['holds CIELAB colours', { ...size, values: three, photometric: 8 }],
    ['holds raw values of a camera sensor', { ...size, values, photometric: 32803 }],
    ['holds colours of kind 99', { ...size, values, photometric: 99 }],
    ['holds signed numbers of 16 bits', { ...size, values, bits: 16, format: 2 }],
    ['holds signed numbers of 8 bits', { ...size, values: three, photometric: 2, format: 2 }],
    ['holds whole numbers of 32 bits', { ...size, values, bits: 32 }],
    ['holds complex numbers', { ...size, values, bits: 64, format: 6 }],
    ['holds 2 channels and does not say', { ...size, values: [...values, ...values] }],
    [
      'holds 4 inks that are not cyan',
      { ...size, values: [...three, ...values], photometric: 5, tags: { 332: [2] } },
    ],
    ['holds luma and colour differences (YCbCr) outside JPEG', { ...size, values: three, photometric: 6 }],
    ['is compressed by LZMA', { ...size, values, tags: { 259: [34925] } }],
    ['is compressed by LERC', { ...size, values, tags: { 259: [34887] } }],
    ['is compressed by WebP', { ...size, values: three, photometric: 2, tags: { 259: [50001] } }],
    ['is compressed by scheme 12345', { ...size, values, tags: { 259: [12345] } }],
    ['packs 3 samples of 12 bits', { ...size, values: three, photometric: 2, bits: 12 }],
  ])('%s', async (what, content) => {
    const message = await refusal(content)
    expect(message).toContain(`a.tif: is a TIFF picture that ${what}`)
    expect(message).toMatch(/, which is not read; save [^\n]+$/)
  })

  test('a raw file of a camera, whose first page is a preview', async () => {
    const preview = { ...size, values: three, photometric: 2 }
    expect(await refusal({ ...preview, tags: { 50706: [1, 4] } })).toBe(
      'a.tif: is a raw file of a camera (such as DNG or NEF); export it as JPEG or PNG',
    )
    expect(await refusal({ ...preview, tags: { 254: [1], 330: [8] } })).toContain('is a raw file of a camera')
  })

  test('what is cut off, also where zeros would do', async () => {
    const shares = values.map((value) => value / 10)
    for (const isDeflated of [false, true]) {
      const whole = tiffOf({
        ...size,
        values: shares,
        bits: 64,
        format: 3,
        isDeflated,
        tags: { 279: [4000] },
      })
      expect(await messageOf(decodePicture(whole, 'a.tif'))).toMatch(
        /^a\.tif: is cut off or damaged \([^\n]+\); /,
      )
      const cut = whole.subarray(0, whole.length - 20)
      expect(await messageOf(decodePicture(cut, 'a.tif'))).toMatch(/^a\.tif: is cut off or damaged/)
    }
  })

  test('a picture of more strips than there are', async () => {
    const bytes = tiffOf({
      ...size,
      values: values.map((value) => value / 10),
      bits: 32,
      format: 3,
      tags: { 257: [32771] },
    })
    expect(await messageOf(decodePicture(bytes, 'a.tif'))).toContain(
      '1 of 16386 strips or tiles are in the file',
    )
  })

  test('what unpacks to more than its pixels', async () => {
    const bomb = tiffOf({ ...size, values: Array.from({ length: 6e4 }, () => 0), bits: 64, format: 3, isDeflated: true, tags: { 258: [64], 277: [1], 339: [3] } }) // prettier-ignore
    expect(await messageOf(decodePicture(bomb, 'a.tif'))).toMatch(/^a\.tif: is cut off or damaged/)
  })
})
