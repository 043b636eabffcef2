import { basename } from 'node:path'
import { promisify } from 'node:util'
import { crc32, inflateRaw } from 'node:zlib'
import { count, InputError } from '@m2l/engine'
import { type Entry, fromRandomAccessReader, RandomAccessReader, type ZipFile } from 'yauzl'
import { isBomb } from './archive-bomb.js'
import { ArchiveIndex } from './archive-index.js'
import { decodeName, escapedName } from './entry-name.js'
import { bytesInMemory, type ByteSource, partOf } from './byte-source.js'
import { type FileTree, foldersAbove } from './file-tree.js'
import { ReadAhead } from './read-ahead.js'

/** The largest file read out of a zip into memory, packed or unpacked. */
const largestMember = 1 << 28

/**
 * The files of a zip archive, read in place: the central directory is read once, members when asked for.
 *
 * What is encrypted or packed by another method than deflate and store is left out. Names that are not marked
 * as UTF-8 are taken as such only where all of them are.
 *
 * @throws InputError when it is no zip or cut off, or holds names that lead out of it or come twice
 */
export async function openZip(bytes: ByteSource): Promise<FileTree> {
  const index = new ArchiveIndex<Member>(bytes.name)
  const entries: Entry[] = []
  await forEachEntry(bytes, (entry) => entries.push(entry))
  for (const [entry, name] of named(entries)) await take(bytes, index, entry, name)
  const files = index.files()
  const { realFile } = index
  const label = (file: string): string => `${bytes.name}: ${file}`
  const read = (file: string): Promise<Buffer> => readMember(bytes, index.member(file), label(file))
  return {
    root: bytes.name,
    files,
    folders: foldersAbove(files, index.folders),
    leftOut: index.leftOut,
    ...(realFile && { realFile }),
    label,
    read,
    async open(file) {
      const member = index.member(file)
      if (member.method !== stored) return bytesInMemory(label(file), await read(file))
      const header = await bytes.read(member.header, localHeaderBytes)
      return partOf(bytes, label(file), member.header + localHeaderLength(header, label(file)), member.size)
    },
    close: () => bytes.close(),
  }
}

interface Member {
  readonly header: number
  readonly nameBytes: number
  readonly packedSize: number
  readonly size: number
  readonly method: number
  readonly checksum: number
}

const stored = 0
const deflated = 8

/** Systems that a zip archive was made on, and which keep modes of files and write names in UTF-8. */
const [unix, macOs] = [3, 19]

function isOfUnix({ versionMadeBy }: Entry): boolean {
  return versionMadeBy >> 8 === unix || versionMadeBy >> 8 === macOs
}

/** The kind of an entry in Unix's modes of files, where the archive was made on such a system. */
function kindOf(entry: Entry): 'file' | 'link' | 'special' {
  const type = isOfUnix(entry) ? (entry.externalFileAttributes >>> 16) & 0o170000 : 0
  if (type === 0o120000) return 'link'
  return type === 0 || type === 0o100000 || type === 0o040000 ? 'file' : 'special'
}

/** Entries with their names; an undefined one is in an alphabet that nobody knows. */
function named(entries: readonly Entry[]): [Entry, string | undefined][] {
  const names = entries.map((entry) => {
    const { isMarked, bytes } = nameOf(entry)
    return { isMarked, name: decodeName(bytes) }
  })
  const isUtf8 = names.every(({ isMarked, name }) => isMarked || name !== undefined)
  return entries.map((entry, index) => {
    const { isMarked, name } = names[index]!
    const isKnown = isMarked || isUtf8 || entry.fileNameRaw.every((byte) => byte < 0x80)
    const slashed = isOfUnix(entry) ? name : name?.replaceAll('\\', '/')
    return [entry, isKnown ? slashed : undefined]
  })
}

/**
 * The bytes of a name, and whether the archive says that they are UTF-8: by a flag, or in Info-ZIP's field
 * 0x7075.
 */
function nameOf({ fileNameRaw, generalPurposeBitFlag, extraFields }: Entry) {
  const field = extraFields.find(({ id }) => id === 0x7075)?.data
  if (field && field.length > 5 && field[0] === 1 && field.readUInt32LE(1) === crc32(fileNameRaw)) {
    return { isMarked: true, bytes: field.subarray(5) }
  }
  return { isMarked: (generalPurposeBitFlag & 0x800) !== 0, bytes: fileNameRaw }
}

async function take(
  bytes: ByteSource,
  index: ArchiveIndex<Member>,
  entry: Entry,
  name: string | undefined,
): Promise<void> {
  const { compressionMethod: method } = entry
  const kind = kindOf(entry)
  if (name === undefined) index.leaveOut('name', escapedName(entry.fileNameRaw))
  else if (kind === 'special') index.leaveOut('special', name)
  else if (name.endsWith('/')) index.add(name, memberOf(entry))
  else if (entry.isEncrypted()) index.leaveOut('encrypted', name)
  else if (method !== stored && method !== deflated) index.leaveOut('method', name)
  else if (kind === 'file') index.add(name, memberOf(entry))
  else {
    const isPath = entry.uncompressedSize <= longestPath
    const target = isPath ? await readMember(bytes, memberOf(entry), `${bytes.name}: ${name}`) : undefined
    index.addLink(name, (target && decodeName(target)) ?? '', { hard: false })
  }
}

/** As Linux allows. */
const longestPath = 4096

function memberOf(entry: Entry): Member {
  return {
    header: entry.relativeOffsetOfLocalHeader,
    nameBytes: entry.fileNameLength,
    packedSize: entry.compressedSize,
    size: entry.uncompressedSize,
    method: entry.compressionMethod,
    checksum: entry.crc32,
  }
}

async function readMember(bytes: ByteSource, member: Member, label: string): Promise<Buffer> {
  if (member.size > largestMember || member.packedSize > largestMember) {
    throw new InputError(
      `${label}: is larger than ${largestMember} bytes; unpack the archive and name its folder`,
    )
  }
  if (isBomb(member.packedSize, member.size)) {
    throw new InputError(
      `${label}: would unpack to ${count(member.size, 'byte')} from ${member.packedSize}, as no honest file does; do not use this archive`,
    )
  }
  const packed = await readPacked(bytes, member, label)
  const content = member.method === stored ? packed : await inflate(packed, member, label)
  if (content.length !== member.size || crc32(content) !== member.checksum) throw damaged(label)
  return content
}

/** Mostly one read: only where its local header is unusually long does the content need a second. */
async function readPacked(bytes: ByteSource, member: Member, label: string): Promise<Buffer> {
  const likely = localHeaderBytes + member.nameBytes + 64 + member.packedSize
  const found = await bytes.read(member.header, Math.min(likely, Math.max(0, bytes.size - member.header)))
  const start = localHeaderLength(found, label)
  if (start + member.packedSize <= found.length) return found.subarray(start, start + member.packedSize)
  return bytes.read(member.header + start, member.packedSize)
}

const localHeaderBytes = 30

/**
 * The local header repeats the name and has an extra field of its own, so its length is only known from
 * itself.
 */
function localHeaderLength(header: Buffer, label: string): number {
  if (header.length < localHeaderBytes || header.readUInt32LE(0) !== 0x04034b50) throw damaged(label)
  return localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28)
}

async function inflate(packed: Buffer, member: Member, label: string): Promise<Buffer> {
  if (member.size === 0) return Buffer.alloc(0)
  const options = { maxOutputLength: member.size, chunkSize: Math.max(64, member.size) } // one piece, not many and a copy
  return promisify(inflateRaw)(packed, options as object).catch(() => {
    throw damaged(label)
  }) as Promise<Buffer>
}

function damaged(label: string): InputError {
  return new InputError(`${label}: is damaged inside the archive; fetch or pack the archive again`)
}

async function forEachEntry(bytes: ByteSource, visit: (entry: Entry) => void): Promise<void> {
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false } as const
  const zip = await new Promise<ZipFile>((resolve, reject) =>
    fromRandomAccessReader(new DirectoryReader(bytes), bytes.size, options, (error, opened) =>
      error ? reject(error) : resolve(opened),
    ),
  ).catch((error: unknown) => {
    throw notAZip(bytes, error)
  })
  await new Promise<void>((resolve, reject) => {
    zip.on('error', (error) => reject(notAZip(bytes, error)))
    zip.on('end', resolve)
    zip.on('entry', (entry: Entry) => {
      try {
        visit(entry)
        zip.readEntry()
      } catch (error) {
        reject(error)
      }
    })
    zip.readEntry()
  })
}

function notAZip(bytes: ByteSource, error: unknown): Error {
  if (error instanceof InputError) return error
  if (/multi-disk/.test((error as Error).message)) {
    return new InputError(
      `${bytes.name}: is one part of a split zip archive; join the parts (zip -s 0 ${basename(bytes.name)} --out whole.zip), or unpack them and name the folder`,
    )
  }
  return new InputError(
    `${bytes.name}: cannot be read as a zip archive (${(error as Error).message}); fetch or pack it again`,
  )
}

/**
 * Serves the many small reads of the central directory from large strides: nine times as fast as one system
 * call each.
 */
class DirectoryReader extends RandomAccessReader {
  readonly #ahead: ReadAhead
  #sinceTurn = 0

  constructor(bytes: ByteSource) {
    super()
    this.#ahead = new ReadAhead(bytes)
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    const held = this.#ahead.peek(position, length)
    if (held && ++this.#sinceTurn < 256) {
      held.copy(buffer, offset)
      callback(null)
      return
    }
    // A new turn of the event loop also keeps the callbacks from filling the call stack.
    this.#sinceTurn = 0
    void this.#readOn(buffer, offset, length, position).then(
      () => setImmediate(callback, null),
      (error: Error) => setImmediate(callback, error),
    )
  }

  async #readOn(buffer: Buffer, offset: number, length: number, position: number): Promise<void> {
    const bytes = await this.#ahead.read(position, length)
    bytes.copy(buffer, offset)
  }
}
