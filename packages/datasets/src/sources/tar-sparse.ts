import type { ByteSource } from './byte-source.js'
import { partOf } from './byte-source.js'
import type { ReadAhead } from './read-ahead.js'
import { tarBlock, tarNumber } from './tar-header.js'

// A sparse file is stored without its holes. GNU tar's manual, "Storing Sparse Files", has the four ways in
// which their places are written: in the header and blocks after it (old format), in attributes (0.0 and
// 0.1), or before the content (1.0).

/** Where the stored parts of a sparse file lie and belong; the rest of it is zeros. */
export interface SparseMap {
  /** Of the whole file, in bytes. */
  readonly size: number
  readonly parts: readonly SparsePart[]
}

interface SparsePart {
  /** Where it belongs in the file. */
  readonly offset: number
  readonly length: number
  /** Where it lies in the archive. */
  readonly start: number
}

/** A map, and where the content that follows it begins; undefined where it is malformed. */
export type FoundMap = { readonly map: SparseMap; readonly start: number } | undefined

/** The map in a header of type S and in the blocks after it. */
export async function oldSparseMap(block: Buffer, start: number, ahead: ReadAhead): Promise<FoundMap> {
  const places: [number, number][] = []
  const take = (from: Buffer, count: number): void => {
    for (let at = 0; at < 24 * count; at += 24) {
      if (from[at] === 0) return
      places.push([tarNumber(from.subarray(at, at + 12)), tarNumber(from.subarray(at + 12, at + 24))])
    }
  }
  take(block.subarray(386), 4)
  let next = start
  for (let isExtended = block[482] === 1; isExtended; next += tarBlock) {
    const extension = await ahead.read(next, tarBlock)
    take(extension, 21)
    isExtended = extension[504] === 1
  }
  return found(tarNumber(block.subarray(483, 495)), places, next)
}

/**
 * The map that attributes hold or say to stand before the content; nothing where they tell of no sparse file.
 */
export async function attributedSparseMap(
  attributes: readonly [string, Buffer][],
  start: number,
  ahead: ReadAhead,
): Promise<FoundMap | 'none'> {
  const all = (key: string) =>
    attributes.filter(([name]) => name === `GNU.sparse.${key}`).map(([, value]) => value.toString('latin1'))
  const [size] = [...all('realsize'), ...all('size')].map(Number)
  const [list] = all('map')
  const offsets = all('offset').map(Number)
  if (all('major')[0] === '1') return mapBeforeContent(size, start, ahead)
  if (list !== undefined) return found(size, pairs(list.split(',').map(Number)), start)
  if (offsets.length === 0 && all('numblocks').length === 0) return 'none'
  const lengths = all('numbytes').map(Number)
  return found(
    size,
    offsets.length === lengths.length ? offsets.map((at, index) => [at, lengths[index]!]) : [[Number.NaN, 0]],
    start,
  )
}

/**
 * Decimal numbers, a line each: how many parts there are, then offset and length of each; filled up to a
 * whole block.
 */
async function mapBeforeContent(
  size: number | undefined,
  start: number,
  ahead: ReadAhead,
): Promise<FoundMap> {
  let text = ''
  for (let next = start; ;) {
    text += (await ahead.read(next, tarBlock)).toString('latin1')
    next += tarBlock
    const lines = text.split('\n')
    const count = lines.length > 1 ? Number(lines[0]) : 0
    if (!Number.isSafeInteger(count) || count < 0) return undefined
    if (lines.length > 1 + 2 * count && lines.length > 1) {
      return found(size, pairs(lines.slice(1, 1 + 2 * count).map(Number)), next)
    }
  }
}

function pairs(numbers: readonly number[]): [number, number][] {
  return Array.from({ length: Math.ceil(numbers.length / 2) }, (_, index) => [
    numbers[2 * index]!,
    numbers[2 * index + 1] ?? Number.NaN,
  ])
}

/** Parts must follow each other within the file. */
function found(size: number | undefined, places: readonly [number, number][], start: number): FoundMap {
  if (size === undefined || !isLength(size)) return undefined
  const parts: SparsePart[] = []
  let end = 0
  let stored = start
  for (const [offset, length] of places) {
    if (!isLength(offset) || !isLength(length) || offset < end || offset + length > size) return undefined
    parts.push({ offset, length, start: stored })
    end = offset + length
    stored += length
  }
  return { map: { size, parts }, start }
}

function isLength(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** A sparse file with its holes. */
export function sparseFile(archive: ByteSource, name: string, { size, parts }: SparseMap): ByteSource {
  const inRange = partOf(archive, name, 0, size)
  const pieces = (offset: number, length: number) =>
    parts
      .map((part) => ({
        from: Math.max(offset, part.offset),
        to: Math.min(offset + length, part.offset + part.length),
        part,
      }))
      .filter(({ from, to }) => from < to)
      .map(({ from, to, part }) => ({
        at: from - offset,
        start: part.start + from - part.offset,
        length: to - from,
      }))
  return {
    ...inRange,
    async read(offset, length) {
      const bytes = Buffer.alloc(length)
      for (const piece of pieces(offset, length))
        bytes.set(await archive.read(piece.start, piece.length), piece.at)
      return bytes
    },
    readNow(offset, length) {
      const bytes = Buffer.alloc(length)
      for (const piece of pieces(offset, length))
        bytes.set(archive.readNow(piece.start, piece.length), piece.at)
      return bytes
    },
  }
}
