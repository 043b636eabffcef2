import { InputError } from '@m2l/engine'
import type { ByteSource } from './byte-source.js'
import { ReadAhead } from './read-ahead.js'
import { parseTarAttributes, parseTarHeader, tarBlock, tarText, type TarHeader } from './tar-header.js'
import { attributedSparseMap, type FoundMap, oldSparseMap, type SparseMap } from './tar-sparse.js'

/** Names and attributes longer than this are no names of pictures. */
const longestDescription = 1 << 20

/** A member of an archive, with what was told of it before its header. */
export interface TarEntry extends TarHeader {
  /** Where its content begins. */
  readonly start: number
  /** Of a sparse file: where its parts belong. */
  readonly map?: SparseMap
}

/** What stands before an entry, and of that what concerns all. */
interface Description {
  readonly name?: Buffer
  readonly link?: Buffer
  readonly size?: number
  readonly attributes?: readonly [string, Buffer][]
}

/**
 * The entries of a tar archive, and of those that were joined to its end.
 *
 * @throws InputError when it is cut off or damaged
 */
export async function* tarEntries(bytes: ByteSource): AsyncGenerator<TarEntry> {
  const ahead = new ReadAhead(bytes)
  const ofAll: Description = {}
  let described: Description = {}
  for (let at: number | undefined = 0; at !== undefined;) {
    if (at + tarBlock > bytes.size) throw damaged(bytes)
    const block = Buffer.from(ahead.peek(at, tarBlock) ?? (await ahead.read(at, tarBlock)))
    if (isEmpty(block)) {
      at = await nextArchive(ahead, at, bytes.size)
      continue
    }
    const header = parseTarHeader(block)
    if (!header) throw damaged(bytes)
    const start: number = at + tarBlock
    const told: Description = { ...ofAll, ...described }
    const size = told.size ?? header.size
    if (start + size > bytes.size) throw damaged(bytes)
    at = start + Math.ceil(size / tarBlock) * tarBlock
    if (isDescription(header)) {
      if (size > longestDescription) throw damaged(bytes)
      const more = describe(header, await ahead.read(start, size), bytes)
      Object.assign(header.type === 'global-attributes' ? ofAll : described, more)
      continue
    }
    described = {}
    const sparse = await sparseMap(header, { block, start, ahead, attributes: told.attributes ?? [] })
    if (sparse === undefined) throw damaged(bytes)
    const entry = { ...header, name: told.name ?? header.name, link: told.link ?? header.link, size }
    if (sparse === 'none') {
      yield { ...entry, start }
      continue
    }
    if (header.type === 'sparse') at += sparse.start - start
    const last = sparse.map.parts.at(-1)
    if (at > bytes.size || (last && last.start + last.length > bytes.size)) throw damaged(bytes)
    yield { ...entry, type: 'file', start: sparse.start, map: sparse.map }
  }
}

function isDescription({ type }: TarHeader): boolean {
  return type === 'long-name' || type === 'long-link' || type === 'attributes' || type === 'global-attributes'
}

/** What GNU's long names or POSIX's extended headers say. */
function describe(header: TarHeader, content: Buffer, bytes: ByteSource): Description {
  if (header.type === 'long-name') return { name: tarText(content) }
  if (header.type === 'long-link') return { link: tarText(content) }
  const attributes = parseTarAttributes(Buffer.from(content))
  if (!attributes) throw damaged(bytes)
  const values = new Map(attributes)
  const size = Number(values.get('size')?.toString('latin1') ?? 0)
  if (!Number.isSafeInteger(size) || size < 0) throw damaged(bytes)
  const name = values.get('GNU.sparse.name') ?? values.get('path')
  const link = values.get('linkpath')
  return {
    ...(name && { name }),
    ...(link && { link }),
    ...(values.has('size') && { size }),
    ...(header.type === 'attributes' && { attributes }),
  }
}

interface SparseInput {
  readonly block: Buffer
  readonly start: number
  readonly ahead: ReadAhead
  readonly attributes: readonly [string, Buffer][]
}

async function sparseMap(
  { type }: TarHeader,
  { block, start, ahead, attributes }: SparseInput,
): Promise<FoundMap | 'none'> {
  if (type === 'sparse') return oldSparseMap(block, start, ahead)
  return type === 'file' ? attributedSparseMap(attributes, start, ahead) : 'none'
}

/** Where another archive begins behind the empty blocks that end one; `cat` joins them so. */
async function nextArchive(ahead: ReadAhead, end: number, size: number): Promise<number | undefined> {
  for (let at = end; at + tarBlock <= size; at += tarBlock) {
    const block = ahead.peek(at, tarBlock) ?? (await ahead.read(at, tarBlock))
    if (!isEmpty(block)) return parseTarHeader(block) ? at : undefined
  }
  return undefined
}

function isEmpty(block: Buffer): boolean {
  return block.every((byte) => byte === 0)
}

function damaged(bytes: ByteSource): InputError {
  return new InputError(`${bytes.name}: is a damaged or cut off tar archive; fetch or pack it again`)
}
