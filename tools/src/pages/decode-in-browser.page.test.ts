import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodePicture, type DecodeOptions, type GivenPicture, type RgbImage } from '@m2l/pictures'
import type { Browser, Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import sharp, { type Sharp } from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { workspaceRoot } from '../workspace.js'
import { openBrowser, openFile } from './browser.test.helper.js'

let browser: Browser
let page: Page
let folder: string

beforeAll(async () => {
  browser = await openBrowser()
  folder = await mkdtemp(join(tmpdir(), 'm2l-pixels-'))
  const bundle = await rolldown({
    input: join(workspaceRoot, 'packages/pictures/dist/pixels.js'),
    platform: 'browser',
  })
  const { output } = await bundle.generate({ format: 'iife', name: 'pixels', codeSplitting: false })
  if (output[0].imports.length > 0) throw new Error(`the bundle imports ${output[0].imports.join(', ')}`)
  const file = join(folder, 'page.html')
  await writeFile(file, `<!doctype html><script>${output[0].code}</script>`)
  page = (await openFile(browser, file, {})).page
})

afterAll(async () => {
  await browser?.close()
  if (folder) await rm(folder, { recursive: true })
})

/** What a page has of `@m2l/pictures/pixels`. */
declare const pixels: {
  tryRgbImage(given: GivenPicture, options: DecodeOptions): Promise<RgbImage | { readonly reason: string }>
}

type Form = 'bytes' | 'blob' | 'bitmap' | 'data' | 'frame' | 'closed'

/** What the page makes of a picture file, handed over in one of the forms that pages have. */
async function inBrowser(file: Buffer, form: Form = 'bytes', options: DecodeOptions = {}) {
  const given = { base64: file.toString('base64'), form, options }
  const read = await page.evaluate(async ({ base64, form: as, options: how }) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
    const blob = new Blob([bytes])
    const bitmap = async () => createImageBitmap(blob)
    const forms = {
      bytes: () => bytes,
      blob: () => blob,
      bitmap,
      frame: async () => new VideoFrame(await bitmap(), { timestamp: 0 }),
      closed: async () => {
        const closed = await bitmap()
        closed.close()
        return closed
      },
      data: async () => {
        const drawn = await bitmap()
        const context = new OffscreenCanvas(drawn.width, drawn.height).getContext('2d')!
        context.drawImage(drawn, 0, 0)
        return context.getImageData(0, 0, drawn.width, drawn.height)
      },
    }
    const picture = await pixels.tryRgbImage(await forms[as](), how)
    if ('reason' in picture) return picture
    const letters = Array.from(picture.data, (level) => String.fromCharCode(level)).join('')
    return { width: picture.width, height: picture.height, base64: btoa(letters) }
  }, given)
  if ('reason' in read) return read
  return { width: read.width, height: read.height, data: Buffer.from(read.base64, 'base64') }
}

/** Sizes as Node decodes the file, and the largest difference of a level. */
async function comparedWithNode(file: Buffer, form?: Form, options?: DecodeOptions) {
  const read = await inBrowser(file, form, options)
  if ('reason' in read) throw new Error(read.reason)
  const { width, height, data } = await decodePicture(file, 'picture', options)
  expect([read.width, read.height]).toEqual([width, height])
  return read.data.reduce((most, level, at) => Math.max(most, Math.abs(level - data[at]!)), 0)
}

/** Smooth colours with noise, as photographs have; alpha from 0 to 255 where there are four channels. */
function photograph(channels: 3 | 4, [width, height] = [301, 203]): Sharp {
  const data = Buffer.alloc(width! * height! * channels)
  for (let at = 0; at < data.length; at++) {
    const [column, row] = [Math.floor(at / channels) % width!, Math.floor(at / channels / width!)]
    const wave = 128 + 90 * Math.sin((column + 2 * row) / 31 + (at % channels))
    data[at] = wave + ((at * 7919) % 37)
    if (at % channels === 3) data[at] = (column + row) % 256
  }
  return sharp(data, { raw: { width: width!, height: height!, channels } })
}

const png = () => photograph(3).png().toBuffer()

describe('a browser reads as Node does', () => {
  test.each(['bytes', 'blob', 'bitmap', 'data', 'frame'] as const)(
    'PNG files, given as %s, exactly',
    async (form) => {
      expect(await comparedWithNode(await png(), form)).toBe(0)
    },
  )

  test('grey, palettes and a profile that both pass over', async () => {
    expect(await comparedWithNode(await photograph(3).greyscale().png().toBuffer())).toBe(0)
    expect(await comparedWithNode(await photograph(3).png({ palette: true }).toBuffer())).toBe(0)
    expect(await comparedWithNode(await photograph(3).withIccProfile('p3').png().toBuffer())).toBe(0)
    expect(await comparedWithNode(await photograph(3).webp({ lossless: true }).toBuffer())).toBe(0)
  })

  test('pictures that are drawn in several bands', async () => {
    expect(await comparedWithNode(await photograph(3, [1201, 903]).png().toBuffer())).toBe(0)
  })

  test.each(['bytes', 'bitmap'] as const)('photographs that are reduced, given as %s', async (form) => {
    const file = await photograph(3, [1503, 1101]).jpeg().withMetadata({ orientation: 8 }).toBuffer()
    expect(await comparedWithNode(file, form, { reduceTo: 168 })).toBe(0)
  })

  test('inks and AVIF files within a level', async () => {
    const inks = await photograph(3).toColourspace('cmyk').jpeg().toBuffer()
    expect(await comparedWithNode(inks)).toBeLessThanOrEqual(1)
    expect(await comparedWithNode(await photograph(3).avif().toBuffer())).toBeLessThanOrEqual(1)
  })

  test('transparent pictures on white within a level', async () => {
    const file = await photograph(4).png().toBuffer()
    expect(await comparedWithNode(file)).toBeLessThanOrEqual(1)
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('JPEG files of orientation %i exactly', async (orientation) => {
    const file = await photograph(3).jpeg({ quality: 90 }).withMetadata({ orientation }).toBuffer()
    const difference = await comparedWithNode(file)
    expect(difference).toBeLessThanOrEqual(3)
  })

  test('JPEG files without subsampled colours', async () => {
    const file = await photograph(3).jpeg({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer()
    expect(await comparedWithNode(file)).toBe(0)
  })
})

describe('a browser names', () => {
  const reasonOf = async (file: Buffer, form?: Form, options?: DecodeOptions) => {
    const read = await inBrowser(file, form, options)
    return 'reason' in read ? read.reason : undefined
  }

  test.each([0.5, 0.9])('a file cut off at %d of its length', async (share) => {
    for (const format of ['png', 'jpeg', 'webp', 'gif'] as const) {
      const file = await photograph(3).toFormat(format).toBuffer()
      expect([format, await reasonOf(file.subarray(0, file.length * share))]).toEqual([
        format,
        expect.stringMatching(/^is cut off or damaged/),
      ])
    }
  })

  test('other files, TIFF files, and pictures that are too large', async () => {
    expect(await reasonOf(Buffer.from('hello'))).toMatch(/^is not a picture in a known format/)
    expect(await reasonOf(await photograph(3).tiff().toBuffer())).toMatch(/^is a TIFF picture/)
    for (const format of ['png', 'jpeg', 'webp', 'gif', 'avif'] as const) {
      const file = await photograph(3).toFormat(format).toBuffer()
      expect(await reasonOf(file, 'bytes', { maxPixels: 100 })).toBe('has more than 100 pixels')
    }
    const bomb = await sharp({ create: { width: 6000, height: 5000, channels: 3, background: 'red' } })
      .png({ compressionLevel: 9 })
      .toBuffer()
    expect(await reasonOf(bomb)).toMatch(/^has 6000 x 5000 pixels in \d+ bytes, as no photograph has$/)
  })

  test('what is closed, and what a canvas does not keep', async () => {
    expect(await reasonOf(await png(), 'closed')).toBe('has no pixels, as it is closed')
    const file = await photograph(4).png().toBuffer()
    expect(await reasonOf(file, 'bytes', { transparency: 'drop' })).toMatch(
      /^has transparent pixels, whose colours/,
    )
    expect(await reasonOf(await png(), 'bytes', { transparency: 'drop' })).toBeUndefined()
  })
})
