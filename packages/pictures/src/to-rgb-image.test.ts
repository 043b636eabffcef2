import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { toRgbImage } from './index.js'
import { messageOf, picture, pixelsOf } from './make-pictures.test.helper.js'

const png = await picture(7)
const expected = { width: 5, height: 4, data: pixelsOf(7), name: 'cat' }

describe('a picture is taken', () => {
  test.each([
    ['the bytes of a file', png],
    ['bytes in an ArrayBuffer', Uint8Array.from(png).buffer],
    ['a Blob', new Blob([Uint8Array.from(png)])],
    ['an RgbImage', { width: 5, height: 4, data: pixelsOf(7) }],
    ['clamped levels', { width: 5, height: 4, data: Uint8ClampedArray.from(pixelsOf(7)) }],
  ])('as %s', async (_, given) => {
    expect(await toRgbImage(given, 'cat')).toEqual(expected)
  })

  test('with transparency, which lies on white as in a file, or is dropped', async () => {
    const data = Uint8ClampedArray.from({ length: 256 * 4 }, (_, at) => (at * 89) % 256)
    const given = { width: 16, height: 16, data }
    const file = await sharp(data, { raw: { width: 16, height: 16, channels: 4 } })
      .png()
      .toBuffer()
    expect([...(await toRgbImage(given, 'cat')).data]).toEqual([...(await toRgbImage(file, 'cat')).data])
    const dropped = await toRgbImage(given, 'cat', { transparency: 'drop' })
    expect([...dropped.data]).toEqual([...data].filter((_, at) => at % 4 !== 3))
  })
})

describe('what is no picture is named in a line', () => {
  test.each([
    ['nothing', undefined, 'is no picture but Undefined; give the bytes of a file, a Blob, an ImageBitmap'],
    ['a text', 'cat.jpg', 'is no picture but String; give'],
    ['an element of a page', { [Symbol.toStringTag]: 'HTMLImageElement' }, 'is no picture but HTMLImageElement; give await createImageBitmap(it)'],
    ['floats', { width: 1, height: 1, data: new Float32Array(3) }, 'has pixels of type Float32Array; give a Uint8Array'],
    ['a list', { width: 1, height: 1, data: [1, 2, 3] }, 'has pixels of type Array; give a Uint8Array'],
    ['half a pixel', { width: 0.5, height: 2, data: new Uint8Array(3) }, 'has 0.5 x 2 pixels; give whole numbers'],
    ['no sides', { data: new Uint8Array(3) }, 'has undefined x undefined pixels; give whole numbers'],
    ['one channel', { width: 2, height: 2, data: new Uint8Array(4) }, 'has data of length 4 for 2 x 2 pixels; give three levels a pixel'],
    ['a closed bitmap', { [Symbol.toStringTag]: 'ImageBitmap', width: 0, height: 0 }, 'has no pixels, as it is closed; give it before it is closed'],
    ['no bytes', new Uint8Array(), 'is empty (0 bytes); replace or remove it'],
    ['a Blob of text', new Blob(['hello']), 'is not a picture in a known format'],
  ])('%s', async (_, given, reason) => {
    const message = await messageOf(toRgbImage(given as Uint8Array, 'cats/1'))
    expect(message).toContain(`cats/1: ${reason}`)
  })

  test('more pixels than allowed', async () => {
    const given = { width: 5, height: 4, data: pixelsOf(7) }
    expect(await messageOf(toRgbImage(given, 'cat', { maxPixels: 19 }))).toContain('cat: has more than 19 pixels')
  })
}) // prettier-ignore
