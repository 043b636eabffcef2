import { deflateSync } from 'node:zlib'

/** What a TIFF file is to say and hold. */
export interface TiffContent {
  readonly width: number
  readonly height: number
  /** Stored values, pixel by pixel. */
  readonly values: readonly number[]
  /** 0 light on dark, 1 dark on light (default), 2 RGB, 3 palette, 5 inks, 8 CIELAB. */
  readonly photometric?: number
  /** Bits of a sample; default 8. */
  readonly bits?: number
  /** 1 unsigned (default), 2 signed, 3 floating point, 6 complex. */
  readonly format?: number
  readonly isBigEndian?: boolean
  /** Whether the values are packed by Deflate. */
  readonly isDeflated?: boolean
  /** Further short tags, or others in place of these. */
  readonly tags?: Readonly<Record<number, readonly number[]>>
}

/** A TIFF file of one strip, written by the specification (TIFF 6.0, section 2 and 8). */
export function tiffOf(content: TiffContent): Buffer {
  const { width, height, values, photometric = 1, bits = 8, format = 1, isBigEndian = false } = content
  const samples = values.length / (width * height)
  const packed = packedValues(values, bits, format, isBigEndian)
  const strip = content.isDeflated ? deflateSync(packed) : packed
  const tags: Record<number, readonly number[]> = {
    256: [width],
    257: [height],
    258: Array.from({ length: samples }, () => bits),
    259: [content.isDeflated ? 8 : 1],
    262: [photometric],
    273: [8],
    277: [samples],
    278: [height],
    279: [strip.length],
    339: Array.from({ length: samples }, () => format),
    ...content.tags,
  }
  const directory = Buffer.alloc(2 + 12 * Object.keys(tags).length + 4)
  const [u16, u32] = writers(isBigEndian)
  const longer: Buffer[] = []
  let longerAt = 8 + strip.length + directory.length
  u16(directory, Object.keys(tags).length, 0)
  Object.entries(tags).forEach(([tag, numbers], index) => {
    const at = 2 + 12 * index
    const isShort = !['256', '257', '273', '278', '279'].includes(tag)
    u16(directory, Number(tag), at)
    u16(directory, isShort ? 3 : 4, at + 2)
    u32(directory, numbers.length, at + 4)
    if (!isShort) u32(directory, numbers[0]!, at + 8)
    else if (numbers.length <= 2)
      numbers.forEach((number, place) => u16(directory, number, at + 8 + 2 * place))
    else {
      const list = Buffer.alloc(2 * numbers.length)
      numbers.forEach((number, place) => u16(list, number, 2 * place))
      u32(directory, longerAt, at + 8)
      longer.push(list)
      longerAt += list.length
    }
  })
  const header = Buffer.from(isBigEndian ? 'MM\0*\0\0\0\0' : 'II*\0\0\0\0\0', 'latin1')
  u32(header, 8 + strip.length, 4)
  return Buffer.concat([header, strip, directory, ...longer])
}

function writers(isBigEndian: boolean) {
  return [
    (to: Buffer, value: number, at: number) =>
      isBigEndian ? to.writeUInt16BE(value, at) : to.writeUInt16LE(value, at),
    (to: Buffer, value: number, at: number) =>
      isBigEndian ? to.writeUInt32BE(value, at) : to.writeUInt32LE(value, at),
  ] as const
}

function packedValues(values: readonly number[], bits: number, format: number, isBigEndian: boolean): Buffer {
  if (bits % 8 !== 0) {
    const text = values.map((value) => value.toString(2).padStart(bits, '0')).join('')
    return Buffer.from(text.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)))
  }
  const size = bits / 8
  const bytes = Buffer.alloc(values.length * size)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  values.forEach((value, index) => {
    const at = index * size
    if (format === 3 && size === 2) view.setUint16(at, halfOf(value), !isBigEndian)
    else if (format === 3 && size === 4) view.setFloat32(at, value, !isBigEndian)
    else if (format === 3) view.setFloat64(at, value, !isBigEndian)
    else if (size === 1) view.setUint8(at, value)
    else if (size === 2) view.setUint16(at, value, !isBigEndian)
    else view.setUint32(at, value, !isBigEndian)
  })
  return bytes
}

/** The bits of a half-precision number (IEEE 754) from 0 to 1 that is a multiple of 1/1024. */
function halfOf(value: number): number {
  if (value === 0) return 0
  const exponent = Math.floor(Math.log2(value))
  return ((exponent + 15) << 10) | ((value / 2 ** exponent - 1) * 1024)
}
