/** One 512-byte header block of a tar archive (POSIX.1-1988 ustar, with GNU's and star's way of large numbers). */
export interface TarHeader {
  readonly name: string
  /** Bytes of content that follow the header. */
  readonly size: number
  readonly type: TarEntryType
}

/** What a header introduces; `long-name` and `attributes` describe the entry after them. */
export type TarEntryType = 'file' | 'folder' | 'link' | 'long-name' | 'attributes' | 'other'

/** Headers, and contents rounded up, fill blocks of this many bytes. */
export const tarBlock = 512

/** Reads a header block; undefined when its checksum shows that it is none. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  if (checksumOf(block) !== number(block.subarray(148, 156))) return undefined
  const size = number(block.subarray(124, 136))
  if (!Number.isSafeInteger(size) || size < 0) return undefined
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isPosix ? text(block.subarray(345, 500)) : ''
  const name = text(block.subarray(0, 100))
  const type = types[String.fromCharCode(block[156]!)] ?? 'other'
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: type === 'link' || type === 'folder' ? 0 : size,
    type: type === 'file' && name.endsWith('/') ? 'folder' : type,
  }
}

/** The records `length key=value` of a POSIX.1-2001 extended header; undefined where they are malformed. */
export function parseTarAttributes(content: Buffer): Map<string, string> | undefined {
  const attributes = new Map<string, string>()
  for (let start = 0; start < content.length;) {
    const space = content.indexOf(0x20, start)
    const length = space < 0 ? Number.NaN : Number(content.toString('latin1', start, space))
    const equals = content.indexOf(0x3d, space)
    const end = start + length
    if (!(length > 0) || end > content.length || equals < 0 || equals >= end) return undefined
    attributes.set(content.toString('utf8', space + 1, equals), content.toString('utf8', equals + 1, end - 1))
    start = end
  }
  return attributes
}

const types: Record<string, TarEntryType> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'link',
  '2': 'link',
  '5': 'folder',
  L: 'long-name',
  x: 'attributes',
}

function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20
  for (let index = 0; index < tarBlock; index++) if (index < 148 || index >= 156) sum += block[index]!
  return sum
}

/** Octal digits, or a big-endian binary number marked by the top bit. */
function number(field: Buffer): number {
  if (field[0]! & 0x80) return field.subarray(1).reduce((value, byte) => value * 256 + byte, field[0]! & 0x7f)
  const digits = text(field).trim()
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : Number.NaN
}

function text(field: Buffer): string {
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? field.length : end)
}
