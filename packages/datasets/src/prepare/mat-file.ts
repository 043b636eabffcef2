import { inflateSync } from 'node:zlib'

/** What a MATLAB variable holds; dimensions are left out, elements are in MATLAB's order. */
export type MatValue = string | readonly number[] | MatCells | MatStructs

/** A cell array. */
export interface MatCells {
  readonly cells: readonly MatValue[]
}

/** An array of structs, each with its fields by name. */
export interface MatStructs {
  readonly structs: readonly ReadonlyMap<string, MatValue>[]
}

/** A MAT-file that is damaged, or holds more than tables do. */
export class MatFileError extends Error {}

/**
 * Reads the variables of a little-endian MAT-file of version 5 or 7: numbers, texts, cells and structs. Every
 * size is checked against the file; variables that unpack to more than 32 MiB, and files of more than two
 * million elements or numbers are refused.
 *
 * Format: MATLAB's "MAT-File Format", chapter 1 (Level 5).
 * @throws MatFileError
 */
export function readMatFile(bytes: Buffer): Map<string, MatValue> {
  if (bytes.length < headerBytes || bytes.toString('latin1', 124, headerBytes) !== '\0\x01IM')
    throw new MatFileError('it is no MAT-file of version 5 or 7')
  const reader = new MatReader()
  const variables = new Map<string, MatValue>()
  for (const element of reader.elements(bytes.subarray(headerBytes))) {
    const [array] = element.type === types.compressed ? reader.elements(unpack(element.data)) : [element]
    if (array?.type !== types.matrix) throw damaged()
    const { name, value } = reader.array(array.data, 0)
    variables.set(name, value)
  }
  return variables
}

const headerBytes = 128
const largestVariable = 1 << 25

/** About twice what the table of Stanford Cars takes, the largest that is read. */
const mostParts = 2_000_000
const mostFields = 1000
const deepest = 8

const types = { matrix: 14, compressed: 15 } as const
const classes = { cell: 1, struct: 2, text: 4 } as const

/**
 * A type and a stretch of bytes, which becomes a buffer when it is asked for: there may be a million of them.
 */
class Element {
  constructor(
    readonly type: number,
    private readonly bytes: Buffer,
    private readonly start: number,
    private readonly end: number,
  ) {}

  get data(): Buffer {
    return this.bytes.subarray(this.start, this.end)
  }
}

/** Reads arrays, and counts what they hold. */
class MatReader {
  #parts = 0

  /**
   * The elements that fill a stretch of bytes, each a type, a size and data; short data lies beside its size.
   */
  elements(bytes: Buffer): Element[] {
    const found: Element[] = []
    for (let at = 0; at < bytes.length;) {
      if (at + 8 > bytes.length) throw damaged()
      const type = bytes.readUInt16LE(at)
      const shortSize = bytes.readUInt16LE(at + 2)
      const size = shortSize > 0 ? shortSize : bytes.readUInt32LE(at + 4)
      const start = shortSize > 0 ? at + 4 : at + 8
      if (start + size > bytes.length || shortSize > 4) throw damaged()
      this.#count(1)
      found.push(new Element(type, bytes, start, start + size))
      at = shortSize > 0 ? at + 8 : start + (type === types.compressed ? size : Math.ceil(size / 8) * 8)
    }
    return found
  }

  /** An array's elements are its class, dimensions and name, then what it holds. */
  array(data: Buffer, depth: number): { name: string; value: MatValue } {
    if (depth > deepest) throw new MatFileError('its cells and structs are nested too deeply')
    if (data.length === 0) return { name: '', value: [] }
    const [flags, dimensions, name, ...content] = this.elements(data)
    if (!flags || !dimensions || !name || flags.data.length < 8) throw damaged()
    const count = this.#numbers(dimensions).reduce((product, size) => product * size, 1)
    const value = this.#content(flags.data[0]!, count, content, depth)
    return { name: name.data.toString('latin1'), value }
  }

  #content(kind: number, count: number, content: Element[], depth: number): MatValue {
    const inner = ({ type, data }: Element): MatValue => {
      if (type !== types.matrix) throw damaged()
      return this.array(data, depth + 1).value
    }
    if (kind === classes.cell) {
      if (content.length !== count) throw damaged()
      return { cells: content.map(inner) }
    }
    if (kind === classes.struct) {
      const [nameBytes, names, ...values] = content
      if (!nameBytes || !names) throw damaged()
      const fields = fieldNames(this.#numbers(nameBytes)[0] ?? 0, names.data)
      return { structs: readStructs(fields, count, values.map(inner)) }
    }
    const [real] = content
    if (!real) {
      if (count > 0) throw damaged()
      return kind === classes.text ? '' : []
    }
    if (kind === classes.text) return textOf(real)
    return this.#numbers(real)
  }

  /** The numbers of an element by its type: integers of 1 to 4 bytes, single, double. */
  #numbers({ type, data }: Element): number[] {
    const format = numberFormats[type]
    if (!format || data.length % format.bytes !== 0) throw damaged()
    this.#count(data.length / format.bytes)
    return Array.from({ length: data.length / format.bytes }, (_, index) =>
      format.read(data, index * format.bytes),
    )
  }

  #count(parts: number): void {
    this.#parts += parts
    if (this.#parts > mostParts) throw new MatFileError('it holds more than tables do')
  }
}

function readStructs(
  fields: readonly string[],
  count: number,
  values: readonly MatValue[],
): Map<string, MatValue>[] {
  if (fields.length === 0 || values.length !== count * fields.length) throw damaged()
  return Array.from(
    { length: count },
    (_, index) => new Map(fields.map((field, at) => [field, values[index * fields.length + at]!])),
  )
}

/** Names of equal length, each filled up with zeros. */
function fieldNames(length: number, bytes: Buffer): string[] {
  if (!(length > 0) || bytes.length / length > mostFields) throw damaged()
  return Array.from({ length: Math.floor(bytes.length / length) }, (_, index) =>
    bytes.toString('latin1', index * length, (index + 1) * length).replace(/\0.*$/s, ''),
  )
}

function textOf({ type, data }: Element): string {
  try {
    return new TextDecoder(type === 4 || type === 17 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(data)
  } catch {
    throw new MatFileError('it holds a text that is neither UTF-8 nor UTF-16')
  }
}

const numberFormats: Readonly<Record<number, { bytes: number; read: (data: Buffer, at: number) => number }>> =
  {
    1: { bytes: 1, read: (data, at) => data.readInt8(at) },
    2: { bytes: 1, read: (data, at) => data.readUInt8(at) },
    3: { bytes: 2, read: (data, at) => data.readInt16LE(at) },
    4: { bytes: 2, read: (data, at) => data.readUInt16LE(at) },
    5: { bytes: 4, read: (data, at) => data.readInt32LE(at) },
    6: { bytes: 4, read: (data, at) => data.readUInt32LE(at) },
    7: { bytes: 4, read: (data, at) => data.readFloatLE(at) },
    9: { bytes: 8, read: (data, at) => data.readDoubleLE(at) },
  }

function unpack(data: Buffer): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: largestVariable })
  } catch {
    throw damaged()
  }
}

function damaged(): MatFileError {
  return new MatFileError('it is damaged or cut off')
}
