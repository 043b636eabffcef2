import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { decodePicture } from '../index.js'
import { picture, pixelsOf } from '../make-pictures.test.helper.js'

/** Dark on the left, light on the right. */
async function halves(width: number, height: number) {
  const data = Buffer.alloc(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    data.fill(pixel % width < width / 2 ? 40 : 220, 3 * pixel, 3 * pixel + 3)
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
}

describe('reduceTo', () => {
  test('reduces large pictures while their shorter side stays at least so long, and turns them upright', async () => {
    const jpeg = await (
      await halves(400, 300)
    )
      .jpeg({ quality: 95 })
      .withMetadata({ orientation: 6 })
      .toBuffer()
    const { width, height, data } = await decodePicture(jpeg, 'turned.jpg', { reduceTo: 30 })
    expect(width).toBe(30) // turned clockwise: what was left is above
    expect(height).toBe(40)
    const row = (at: number) => data[(at * width + 15) * 3]!
    expect(Math.abs(row(5) - 40)).toBeLessThan(4)
    expect(Math.abs(row(35) - 220)).toBeLessThan(4)
  })

  test('lays transparent pictures on white first', async () => {
    const background = { r: 200, g: 0, b: 0, alpha: 0.5 }
    const png = await sharp({ create: { width: 400, height: 400, channels: 4, background } })
      .png()
      .toBuffer()
    const { width, data } = await decodePicture(png, 'alpha.png', { reduceTo: 20 })
    expect(width).toBe(20)
    expect(Math.abs(data[0]! - 227)).toBeLessThan(3)
    expect(Math.abs(data[1]! - 127)).toBeLessThan(3)
  })

  test('reduces inks and plain PNG files, too', async () => {
    const cmyk = await (await halves(200, 200)).toColourspace('cmyk').jpeg().toBuffer()
    expect(await decodePicture(cmyk, 'ink.jpg', { reduceTo: 20 })).toMatchObject({ width: 20, height: 20 })
    const plain = await (await halves(300, 200)).png().toBuffer()
    expect(await decodePicture(plain, 'plain.png', { reduceTo: 20 })).toMatchObject({ width: 30, height: 20 })
  })

  test('waits its turn where many large pictures are decoded at once', async () => {
    const jpeg = await (await halves(3600, 2800)).jpeg().toBuffer()
    const images = await Promise.all(
      Array.from({ length: 6 }, () => decodePicture(jpeg, 'a.jpg', { reduceTo: 100 })),
    )
    for (const image of images) expect(image).toMatchObject({ width: 129, height: 100 })
  })

  test('leaves smaller pictures as they are, to the bit', async () => {
    const small = await picture(3, 39, 80)
    const { width, height, data } = await decodePicture(small, 'small.png', { reduceTo: 20 })
    expect([width, height]).toEqual([39, 80])
    expect(Buffer.from(data)).toEqual(Buffer.from(pixelsOf(3, 39, 80)))
  })
})
