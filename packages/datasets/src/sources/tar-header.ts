/**
 * One 512-byte header block of a tar archive (POSIX.1-1988 ustar, with GNU's and star's way of large
 * numbers).
 */
export interface TarHeader {
  /** As written; of any alphabet. */
  readonly name: Buffer
  /** What a link leads to. */
  readonly link: Buffer
  /** Bytes of content that follow the header. */
  readonly size: number
  readonly type: TarEntryType
}

/**
 * What a header introduces. `long-name`, `long-link` and `attributes` describe the entry after them,
 * `global-attributes` all after them; a `listing` is a folder whose content is the names in it, a `label`
 * that of a tape.
 */
export type TarEntryType =
  | 'file'
  | 'sparse'
  | 'folder'
  | 'listing'
  | 'hard-link'
  | 'symbolic-link'
  | 'long-name'
  | 'long-link'
  | 'attributes'
  | 'global-attributes'
  | 'label'
  | 'other'

/** Headers, and contents rounded up, fill blocks of this many bytes. */
export const tarBlock = 512

/** Reads a header block; undefined when its checksum shows that it is none. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  if (checksumOf(block) !== tarNumber(block.subarray(148, 156))) return undefined
  const size = tarNumber(block.subarray(124, 136))
  if (!Number.isSafeInteger(size) || size < 0) return undefined
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isPosix ? tarText(block.subarray(345, 500)) : Buffer.alloc(0)
  const name = tarText(block.subarray(0, 100))
  const type = types[String.fromCharCode(block[156]!)] ?? 'other'
  return {
    name: prefix.length === 0 ? name : Buffer.concat([prefix, slash, name]),
    link: tarText(block.subarray(157, 257)),
    size: withoutContent.has(type) ? 0 : size,
    type: type === 'file' && name.at(-1) === slash[0] ? 'folder' : type,
  }
}

/**
 * The records `length key=value` of a POSIX.1-2001 extended header, in order; undefined where they are
 * malformed.
 */
export function parseTarAttributes(content: Buffer): [key: string, value: Buffer][] | undefined {
  const attributes: [string, Buffer][] = []
  for (let start = 0; start < content.length;) {
    const space = content.indexOf(0x20, start)
    const length = space < 0 ? Number.NaN : Number(content.toString('latin1', start, space))
    const equals = content.indexOf(0x3d, space)
    const end = start + length
    if (!(length > 0) || end > content.length || equals < 0 || equals >= end) return undefined
    attributes.push([content.toString('latin1', space + 1, equals), content.subarray(equals + 1, end - 1)])
    start = end
  }
  return attributes
}

/** Octal digits, or a big-endian binary number marked by the top bit. */
export function tarNumber(field: Buffer): number {
  if (field[0]! & 0x80) return field.subarray(1).reduce((value, byte) => value * 256 + byte, field[0]! & 0x7f)
  const digits = tarText(field).toString('latin1').trim()
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : Number.NaN
}

/** The bytes before the first that is zero. */
export function tarText(field: Buffer): Buffer {
  const end = field.indexOf(0)
  return Buffer.from(field.subarray(0, end < 0 ? field.length : end))
}

const slash = Buffer.from('/')

const types: Record<string, TarEntryType> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hard-link',
  '2': 'symbolic-link',
  '5': 'folder',
  D: 'listing',
  S: 'sparse',
  L: 'long-name',
  K: 'long-link',
  x: 'attributes',
  X: 'attributes',
  g: 'global-attributes',
  V: 'label',
}

const withoutContent: ReadonlySet<TarEntryType> = new Set(['folder', 'hard-link', 'symbolic-link', 'label'])

function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20
  for (let index = 0; index < tarBlock; index++) if (index < 148 || index >= 156) sum += block[index]!
  return sum
}
