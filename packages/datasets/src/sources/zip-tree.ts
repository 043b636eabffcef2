import { promisify } from 'node:util'
import { crc32, inflateRaw } from 'node:zlib'
import { InputError } from '@m2l/engine'
import { type Entry, fromRandomAccessReader, RandomAccessReader, type ZipFile } from 'yauzl'
import { isBomb } from './archive-bomb.js'
import { ArchiveIndex } from './archive-index.js'
import { bytesInMemory, type ByteSource, partOf } from './byte-source.js'
import { type FileTree, foldersAbove } from './file-tree.js'
import { ReadAhead } from './read-ahead.js'

/** The largest file read out of a zip into memory, packed or unpacked. */
const largestMember = 1 << 28

/**
 * The files of a zip archive, read in place: the central directory is read once, members when asked for.
 *
 * @throws InputError when it is no zip, is cut off or encrypted, or holds links, or names that lead out of it
 *   or come twice.
 */
export async function openZip(bytes: ByteSource): Promise<FileTree> {
  const index = new ArchiveIndex<Member>(bytes.name)
  await forEachEntry(bytes, (entry) => {
    if (isLink(entry)) index.refuseLink(entry.fileName)
    else index.add(entry.fileName, memberOf(entry))
  })
  const files = index.files()
  const label = (file: string): string => `${bytes.name}: ${file}`
  const read = (file: string): Promise<Buffer> => readMember(bytes, index.members.get(file)!, label(file))
  return {
    root: bytes.name,
    files,
    folders: foldersAbove(files, index.folders),
    label,
    read,
    async open(file) {
      const member = index.members.get(file)!
      if (member.method !== stored || member.encrypted) return bytesInMemory(label(file), await read(file))
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
  readonly encrypted: boolean
}

const stored = 0
const deflated = 8

/** Unix's mode of a symbolic link, where the archive was made on Unix. */
function isLink({ versionMadeBy, externalFileAttributes }: Entry): boolean {
  return versionMadeBy >> 8 === 3 && ((externalFileAttributes >>> 16) & 0o170000) === 0o120000
}

function memberOf(entry: Entry): Member {
  return {
    header: entry.relativeOffsetOfLocalHeader,
    nameBytes: entry.fileNameLength,
    packedSize: entry.compressedSize,
    size: entry.uncompressedSize,
    method: entry.compressionMethod,
    checksum: entry.crc32,
    encrypted: entry.isEncrypted(),
  }
}

async function readMember(bytes: ByteSource, member: Member, label: string): Promise<Buffer> {
  if (member.encrypted) throw new InputError(`${label}: is encrypted; pack the archive without a password`)
  if (member.method !== stored && member.method !== deflated) {
    throw new InputError(
      `${label}: is packed by method ${member.method}; pack the archive with "deflate" or "store"`,
    )
  }
  if (member.size > largestMember || member.packedSize > largestMember) {
    throw new InputError(
      `${label}: is larger than ${largestMember} bytes; unpack the archive and name its folder`,
    )
  }
  if (isBomb(member.packedSize, member.size)) {
    throw new InputError(
      `${label}: would unpack to ${member.size} bytes from ${member.packedSize}, as no honest file does; do not use this archive`,
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

/** The local header repeats the name and has an extra field of its own, so its length is only known from itself. */
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
  const options = { lazyEntries: true, autoClose: false, strictFileNames: false }
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
  return new InputError(
    `${bytes.name}: cannot be read as a zip archive (${(error as Error).message}); fetch or pack it again`,
  )
}

/** Serves the many small reads of the central directory from large strides: nine times as fast as one system call each. */
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
