import { decodeImage } from '@m2l/datasets'
import fc from 'fast-check'
import sharp from 'sharp'
import { mendPng, pngOf } from '../containers.js'
import { changed, madeUp } from '../forms.js'
import type { Reader } from '../reader.js'

const side = fc.oneof(
  { weight: 4, arbitrary: fc.nat(20) },
  fc.constantFrom(255, 4000, 9000, 65535, 2 ** 31, 2 ** 32 - 1),
)

/** PNG files whose headers say this and whose lines are that. */
const madeUpPng = fc
  .record({
    width: side,
    height: side,
    bits: fc.constantFrom(1, 2, 4, 8, 16),
    colours: fc.constantFrom(0, 2, 3, 4, 6),
    interlaced: fc.nat(1),
    lines: fc.uint8Array({ maxLength: 400 }),
    palette: fc.option(fc.uint8Array({ maxLength: 30 })),
  })
  .map(({ width, height, bits, colours, interlaced, lines, palette }) => {
    const header = Buffer.alloc(13)
    header.writeUInt32BE(width)
    header.writeUInt32BE(height, 4)
    header.set([bits, colours, 0, 0, interlaced], 8)
    return pngOf(header, Buffer.from(lines.map((value, at) => (at % 7 === 0 ? value % 5 : value))), palette ? Buffer.from(palette) : undefined)
  }) // prettier-ignore

async function picture(
  format: 'png' | 'jpeg' | 'webp' | 'gif' | 'tiff' | 'avif',
  alpha = false,
): Promise<Buffer> {
  const channels = alpha ? 4 : 3
  const raw = Buffer.from({ length: 9 * 7 * channels }).map((_, at) => (at * 37) % 256)
  return sharp(raw, { raw: { width: 9, height: 7, channels } })
    .toFormat(format)
    .toBuffer()
}

const read = (input: Buffer) => decodeImage(input, 'input')

/** The PNG files that we decode ourselves. */
export const plainPng: Reader = {
  name: 'png',
  share: 40,
  async open() {
    const png = await picture('png')
    return { forms: [changed([png]), changed([png], mendPng), madeUp(madeUpPng)], read }
  },
}

/** Pictures of the other formats. */
export const pictures: Reader = {
  name: 'pictures',
  share: 20,
  async open() {
    const files = [await picture('jpeg'), await picture('webp'), await picture('gif'), await picture('tiff'), await picture('avif'), await picture('png', true)] // prettier-ignore
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="7"><rect width="5" height="5"/></svg>'
    return { forms: [...files.map((file) => changed([file])), changed([svg])], read }
  },
}
