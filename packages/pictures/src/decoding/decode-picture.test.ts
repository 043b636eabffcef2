import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { decodePicture } from '../index.js'
import { messageOf, picture, pixelsOf, pngOf } from '../make-pictures.test.helper.js'
import { tiffOf } from './node/tiff/tiff-file.test.helper.js'

const raw = { width: 5, height: 4, channels: 3 } as const

describe('formats', () => {
  test.each(['png', 'webp', 'tiff', 'gif', 'avif', 'jpeg'] as const)('reads %s', async (format) => {
    const bytes = await sharp({ create: { width: 7, height: 3, channels: 3, background: '#c86432' } })
      .toFormat(format, { quality: 100 })
      .toBuffer()
    const image = await decodePicture(bytes, `picture.${format}`)
    expect([image.width, image.height, image.data.length]).toEqual([7, 3, 63])
    for (const [index, value] of image.data.entries()) {
      expect(Math.abs(value - [200, 100, 50][index % 3]!)).toBeLessThanOrEqual(3)
    }
  })

  test('goes by content, not by name', async () => {
    const image = await decodePicture(await picture(9), 'picture.jpg')
    expect(image).toMatchObject({ width: 5, height: 4, data: pixelsOf(9) })
  })

  test('reads large and interlaced PNG files', async () => {
    const large = await picture(3, 300, 200)
    expect((await decodePicture(large, 'large.png')).data).toEqual(pixelsOf(3, 300, 200))
    const interlaced = await sharp(pixelsOf(4), { raw }).png({ progressive: true }).toBuffer()
    expect(Buffer.from((await decodePicture(interlaced, 'i.png')).data)).toEqual(Buffer.from(pixelsOf(4)))
  })
})

const plainPng = fc
  .record({
    width: fc.integer({ min: 1, max: 20 }),
    height: fc.integer({ min: 1, max: 6 }),
    kind: fc.constantFrom(
      ...([1, 2, 4, 8] as const).flatMap((bits) => [
        { type: 0 as const, bits },
        { type: 3 as const, bits },
      ]),
      { type: 2 as const, bits: 8 },
    ),
  })
  .chain(({ width, height, kind: { type, bits } }) => {
    const valuesPerLine = width * (type === 2 ? 3 : 1)
    const value = fc.integer({ min: 0, max: 2 ** bits - 1 })
    return fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      type: fc.constant(type),
      bits: fc.constant(bits),
      filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: height, maxLength: height }),
      values: fc.array(fc.array(value, { minLength: valuesPerLine, maxLength: valuesPerLine }), {
        minLength: height,
        maxLength: height,
      }),
      palette: fc.uint8Array({ minLength: 3 * 2 ** bits, maxLength: 3 * 2 ** bits }),
    })
  })

function packLine(values: readonly number[], bits: number): Uint8Array {
  const line = new Uint8Array(Math.ceil((values.length * bits) / 8))
  for (const [index, value] of values.entries()) {
    line[(index * bits) >> 3]! |= value << (8 - bits - ((index * bits) & 7))
  }
  return line
}

test('reads every plain PNG file as its pixels say, and as sharp does', async () => {
  await fc.assert(
    fc.asyncProperty(plainPng, async ({ values, palette, ...png }) => {
      const lines = values.map((line) => packLine(line, png.bits))
      const bytes = pngOf({ ...png, lines, ...(png.type === 3 && { palette }) })
      const expected = values.flat().flatMap((value) => {
        if (png.type === 2) return [value]
        if (png.type === 3) return [...palette.subarray(3 * value, 3 * value + 3)]
        const grey = (value * 255) / (2 ** png.bits - 1)
        return [grey, grey, grey]
      })
      const image = await decodePicture(bytes, 'plain.png')
      expect([image.width, image.height]).toEqual([png.width, png.height])
      expect([...image.data]).toEqual(expected)
      expect([...(await sharp(bytes).toColourspace('srgb').removeAlpha().raw().toBuffer())]).toEqual(expected)
    }),
    { numRuns: 150 },
  )
})

describe('pixels become RGB', () => {
  test('16 bits keep their upper 8', async () => {
    const values = Uint16Array.from({ length: 60 }, (_, index) => index * 1000)
    const bytes = await sharp(values, { raw }).toColourspace('rgb16').png().toBuffer()
    expect((await sharp(bytes).metadata()).depth).toBe('ushort')
    expect([...(await decodePicture(bytes, 'deep.png')).data]).toEqual([...values].map((value) => value >> 8))
    const grey = await sharp(values.subarray(0, 20), { raw: { ...raw, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer()
    expect((await sharp(grey).metadata()).depth).toBe('ushort')
    expect([...(await decodePicture(grey, 'grey.png')).data]).toEqual(
      [...values.subarray(0, 20)].flatMap((value) => [value >> 8, value >> 8, value >> 8]),
    )
  })

  test('grey JPEG files have three equal channels', async () => {
    const bytes = await sharp(pixelsOf(7), { raw }).greyscale().jpeg().toBuffer()
    const { data } = await decodePicture(bytes, 'grey.jpg')
    expect(data.length).toBe(60)
    for (let at = 0; at < 60; at += 3) expect(data[at + 1]).toBe(data[at])
  })

  test('inks become light without a colour profile', async () => {
    const inks = [0, 0, 0, 0, 255, 0, 0, 0, 100, 50, 25, 0, 100, 50, 25, 128, 7, 8, 9, 255]
    const { data } = await decodePicture(
      tiffOf({ width: 5, height: 1, values: inks, photometric: 5 }),
      'inks.tif',
    )
    const light = (ink: number, black: number): number =>
      255 - black - Math.round((ink * (255 - black)) / 255)
    const expected = [0, 1, 2, 3, 4].flatMap((pixel) =>
      [0, 1, 2].map((channel) => light(inks[4 * pixel + channel]!, inks[4 * pixel + 3]!)),
    )
    expect([...data]).toEqual(expected)
  })

  test('a CMYK JPEG file is not inverted', async () => {
    const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'white' } })
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer()
    expect((await sharp(bytes).metadata()).space).toBe('cmyk')
    for (const value of (await decodePicture(bytes, 'inks.jpg')).data) expect(value).toBeGreaterThan(230)
  })

  test('transparency lies on white, or is dropped', async () => {
    const pixels = Uint8Array.from([200, 100, 50, 255, 200, 100, 50, 0, 200, 100, 50, 51])
    const bytes = await sharp(pixels, { raw: { width: 3, height: 1, channels: 4 } })
      .png()
      .toBuffer()
    const white = [...(await decodePicture(bytes, 'clear.png')).data]
    expect(white.slice(0, 6)).toEqual([200, 100, 50, 255, 255, 255])
    for (const [index, expected] of [244, 224, 214].entries()) {
      expect(Math.abs(white[6 + index]! - expected)).toBeLessThanOrEqual(1)
    }
    const dropped = await decodePicture(bytes, 'clear.png', { transparency: 'drop' })
    expect([...dropped.data]).toEqual([200, 100, 50, 200, 100, 50, 200, 100, 50])
  })

  test.each([
    [1, 5, 4, [0, 1]],
    [3, 5, 4, [19, 18]],
    [6, 4, 5, [15, 10]],
    [8, 4, 5, [4, 9]],
  ])('EXIF orientation %i is undone', async (orientation, width, height, firstTwo) => {
    const bytes = await sharp(pixelsOf(50), { raw }).withMetadata({ orientation }).png().toBuffer()
    const image = await decodePicture(bytes, 'turned.png')
    expect([image.width, image.height]).toEqual([width, height])
    expect([image.data[1], image.data[4]]).toEqual(firstTwo)
  })
})

describe('bad files are named', () => {
  test.each([
    ['no bytes', Buffer.alloc(0), 'is empty (0 bytes); replace or remove it'],
    ['text', Buffer.from('hello there'), 'is not a picture in a known format (avif, gif, jpeg'],
  ])('%s', async (_, bytes, reason) => {
    expect(await messageOf(decodePicture(bytes, 'cats/1.jpg'))).toContain(`cats/1.jpg: ${reason}`)
  })

  test.each(['png', 'jpeg', 'webp', 'tiff', 'gif'] as const)('a cut off %s file', async (format) => {
    const noise = Uint8Array.from({ length: 40 * 40 * 3 }, (_, index) => (index * index * 7919) % 251)
    const bytes = await sharp(noise, { raw: { width: 40, height: 40, channels: 3 } })
      .toFormat(format)
      .toBuffer()
    for (const share of [0.5, 0.9]) {
      const half = bytes.subarray(0, Math.floor(bytes.length * share))
      const message = await messageOf(decodePicture(half, 'half'))
      expect(message).toMatch(/^half: is (cut off or damaged|not a picture)/)
      expect(message).not.toContain('\n')
    }
  })

  test('a damaged PNG file', async () => {
    const bytes = await picture(1)
    bytes[bytes.indexOf('IDAT') + 8]! ^= 0xff
    expect(await messageOf(decodePicture(bytes, 'bad.png'))).toContain('bad.png: is cut off or damaged')
  })

  test('more pixels than allowed', async () => {
    const bytes = await picture(1, 20, 10)
    expect((await decodePicture(bytes, 'a.png', { maxPixels: 200 })).width).toBe(20)
    expect(await messageOf(decodePicture(bytes, 'a.png', { maxPixels: 199 }))).toBe(
      'a.png: has more than 199 pixels; replace or remove it',
    )
  })

  test('far more pixels than bytes', async () => {
    const bomb = await sharp({ create: { width: 6000, height: 5000, channels: 3, background: 'red' } })
      .png({ compressionLevel: 9 })
      .toBuffer()
    const reason = `has 6000 x 5000 pixels in ${bomb.length} bytes, as no photograph has; replace or remove it`
    expect(await messageOf(decodePicture(bomb, 'bomb.png'))).toBe(`bomb.png: ${reason}`)
  })

  test('a huge header of a small file', async () => {
    const line = Buffer.alloc(1 + 3 * 9000)
    const header = {
      width: 9000,
      height: 9000,
      bits: 8,
      type: 2 as const,
      filters: [0],
      lines: [line.subarray(1)],
    }
    expect(await messageOf(decodePicture(pngOf(header), 'a.png'))).toContain('as no photograph has')
    expect(
      await messageOf(decodePicture(pngOf({ ...header, width: 99_999, height: 99_999 }), 'a.png')),
    ).toContain('has more than 89478485 pixels')
  })
})
