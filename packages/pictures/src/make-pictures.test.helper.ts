import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

/** A PNG file whose pixels all differ: pixel i is (seed, i, 255 - i). */
export async function picture(seed: number, width = 5, height = 4): Promise<Buffer> {
  return sharp(pixelsOf(seed, width, height), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}

/** The pixels of {@link picture}. */
export function pixelsOf(seed: number, width = 5, height = 4): Uint8Array {
  return Uint8Array.from({ length: width * height }).reduce<Uint8Array>(
    (pixels, _, index) => {
      pixels.set([seed, index % 256, 255 - (index % 256)], 3 * index)
      return pixels
    },
    new Uint8Array(width * height * 3),
  )
}

/** A PNG file of the given type, written by the specification: filtered lines, deflated, in chunks. */
export function pngOf(png: {
  width: number
  height: number
  bits: number
  type: 0 | 2 | 3
  /** One a line, 0-4. */
  filters: readonly number[]
  /** Packed lines, without filter bytes. */
  lines: readonly Uint8Array[]
  palette?: Uint8Array
}): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(png.width, 0)
  header.writeUInt32BE(png.height, 4)
  header.set([png.bits, png.type, 0, 0, 0], 8)
  const step = Math.max(1, ((png.type === 2 ? 3 : 1) * png.bits) >> 3)
  const filtered = png.lines.map((line, row) =>
    Buffer.from([png.filters[row]!, ...filterLine(png.filters[row]!, line, png.lines[row - 1], step)]),
  )
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...(png.palette ? [chunk('PLTE', png.palette)] : []),
    chunk('IDAT', deflateSync(Buffer.concat(filtered))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function filterLine(filter: number, line: Uint8Array, above: Uint8Array | undefined, step: number): number[] {
  return Array.from(line, (value, at) => {
    const a = line[at - step] ?? 0
    const b = above?.[at] ?? 0
    const c = above?.[at - step] ?? 0
    const estimate = a + b - c
    const nearest = [a, b, c].toSorted((x, y) => Math.abs(estimate - x) - Math.abs(estimate - y))[0]!
    return (value - [0, a, b, (a + b) >> 1, nearest][filter]!) & 255
  })
}

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), content])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}

/** The message of the error that a promise ends with. */
export async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error) || error.name !== 'InputError')
    throw new Error(`no InputError, but ${String(error)}`)
  return error.message
}
