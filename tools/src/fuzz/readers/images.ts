import { decodePicture } from '@m2l/pictures'
import { deflateSync } from 'node:zlib'
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

const read = (input: Buffer) => decodePicture(input, 'input')

/** The PNG files that we decode ourselves. */
export const plainPng: Reader = {
  name: 'png',
  share: 40,
  async open() {
    const png = await picture('png')
    return { forms: [changed([png]), changed([png], mendPng), madeUp(madeUpPng)], read }
  },
}

/** TIFF files of 4x3 samples that are read here, not by the library of the other formats. */
const tiffs = [
  tiffOf(12 * 4, [[258, 32], [339, 3]]),
  tiffOf(12 * 8, [[258, 64], [339, 3]]),
  tiffOf(18, [[258, 12], [339, 1]]),
  tiffOf(12 * 4, [[258, 32], [259, 5], [339, 3]]),
  tiffOf(12 * 4, [[258, 32], [259, 8], [339, 3]]),
  tiffOf(12 * 4, [[258, 32], [259, 32773], [339, 3]]),
  tiffOf(12 * 4, [[258, 32], [259, 50000], [339, 3]]),
  tiffOf(12 * 4, [[258, 32], [317, 3], [339, 3]]),
] // prettier-ignore

/** A TIFF file of zeros, packed where its tags say so. */
function tiffOf(bytes: number, changes: readonly (readonly [tag: number, value: number])[]): Buffer {
  const compression = new Map(changes).get(259)
  const zeros = Buffer.alloc(bytes)
  const strip =
    compression === 8 ? deflateSync(zeros) : compression === 50000 ? Buffer.from('KLUv/SAwRQAAEAAAAQCbAAs=', 'base64') : zeros // prettier-ignore
  const tags = new Map([
    [256, 4],
    [257, 3],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, 3],
    [279, strip.length],
    ...changes,
  ])
  const directory = Buffer.alloc(2 + 12 * tags.size + 4)
  directory.writeUInt16LE(tags.size)
  const header = Buffer.from('II*\0\0\0\0\0', 'latin1')
  header.writeUInt32LE(8 + strip.length, 4)
  for (const [index, [tag, value]] of [...tags].toSorted(([a], [b]) => a - b).entries()) {
    directory.writeUInt16LE(tag, 2 + 12 * index)
    directory.writeUInt16LE(3, 4 + 12 * index)
    directory.writeUInt32LE(1, 6 + 12 * index)
    directory.writeUInt16LE(value, 10 + 12 * index)
  }
  return Buffer.concat([header, strip, directory])
}

/** Pictures of the other formats. */
export const pictures: Reader = {
  name: 'pictures',
  share: 20,
  async open() {
    const files = [...tiffs, await picture('jpeg'), await picture('webp'), await picture('gif'), await picture('tiff'), await picture('avif'), await picture('png', true)] // prettier-ignore
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="7"><rect width="5" height="5"/></svg>'
    return { forms: [...files.map((file) => changed([file])), changed([svg])], read }
  },
}
