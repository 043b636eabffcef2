import { randomKey } from '@m2l/engine'
import sharp from 'sharp'
import { afterAll, describe, expect, test } from 'vitest'
import { picture, pixelsOf, temporaryFile } from '../make-files.test.helper.js'
import {
  gridParts,
  imagenetNormalisation,
  randomResizedCrop,
  resizeThenCrop,
  type RgbImage,
  type Transform,
} from '@m2l/pictures'
import { type RenderedViews, renderPixels } from '@m2l/pictures/pixels'
import { PictureThreads } from './picture-threads.js'

/** From the first picture on, so that small works go to threads as well. */
const pools = [0, 1, 3].map((count) => new PictureThreads(count, 0))
afterAll(() => Promise.all(pools.map((pool) => pool.close())))

/** Rendered views with their values as bytes, which are compared at once. */
function comparable({ data, ...rest }: RenderedViews): unknown {
  return { ...rest, bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64') }
}

function images(count: number): RgbImage[] {
  return Array.from({ length: count }, (_, seed) => ({
    width: 20 + seed,
    height: 30,
    data: pixelsOf(seed, 20 + seed, 30),
  }))
}

const transforms: [string, Transform][] = [
  ['parts', gridParts([3, 2], 17)],
  ['random crops', randomResizedCrop(16)],
  ['large reductions, height first', resizeThenCrop(6, 5)],
]

describe.each(transforms)('%s', (_, transform) => {
  test('are the same numbers whatever the number of threads', async () => {
    const pictures = images(5)
    const views = pictures.map((one, index) => transform(one, randomKey(7).fold(index)))
    const options = { normalisation: imagenetNormalisation }
    const expected = renderPixels(pictures, views, options)
    for (const pool of pools) {
      const works = Array.from({ length: 6 }, () => pool.render({ images: pictures, views, options }))
      for (const rendered of await Promise.all(works)) {
        expect(comparable(rendered)).toEqual(comparable(expected))
        pool.release(rendered)
      }
    }
  })
})

describe('memory of views', () => {
  test('that is given back serves later views, and only those', async () => {
    const pool = pools[2]!
    const [first, second] = images(2) as [RgbImage, RgbImage]
    const whole = resizeThenCrop(12, 8)
    const render = (image: RgbImage) => pool.render({ images: [image], views: [whole(image)], options: {} })
    const released = await render(first)
    pool.release(released)
    const [again, other] = await Promise.all([render(first), render(second)])
    expect(again.data.buffer).toBe(released.data.buffer)
    expect(other.data.buffer).not.toBe(released.data.buffer)
    expect(comparable(again)).toEqual(comparable(renderPixels([first], [whole(first)])))
    expect(comparable(other)).toEqual(comparable(renderPixels([second], [whole(second)])))
  })
})

test.each(pools)(
  'decodes files and bytes on $count threads, and says what is wrong with each',
  async (pool) => {
    const png = await picture(3)
    const jpeg = await sharp(pixelsOf(4, 64, 48), { raw: { width: 64, height: 48, channels: 3 } })
      .jpeg()
      .toBuffer()
    const file = await temporaryFile('large.png', await picture(5, 300, 200))
    const missing = `${file}.not-there`
    const decoded = await pool.decode({
      files: [png, file, jpeg, missing, Buffer.from('no picture')],
      options: {},
    })
    expect(decoded.slice(0, 2)).toEqual([
      { width: 5, height: 4, data: pixelsOf(3) },
      { width: 300, height: 200, data: expect.anything() as unknown },
    ])
    expect(Buffer.from((decoded[1] as RgbImage).data).equals(pixelsOf(5, 300, 200))).toBe(true)
    expect(decoded[2]).toMatchObject({ width: 64, height: 48 })
    expect(decoded[3]).toMatchObject({ code: 'ENOENT' })
    expect(decoded[4]).toMatchObject({ reason: expect.stringContaining('not a picture') as unknown })
  },
)

test('refuses views that do not fit, and works on after that and after closing', async () => {
  const pool = new PictureThreads(1, 0)
  const [image] = images(1) as [RgbImage]
  const [view] = resizeThenCrop(12, 8)(image)
  const tooWide = { ...view!, window: { ...view!.window, width: image.width + 1 } }
  await expect(pool.render({ images: [image], views: [[tooWide]], options: {} })).rejects.toThrow(RangeError)
  await pool.close()
  const rendered = await pool.render({ images: [image], views: [[view!]], options: {} })
  expect(comparable(rendered)).toEqual(comparable(renderPixels([image], [[view!]])))
  await pool.close()
})
