import { InputError } from '@m2l/engine'
import { ArchiveIndex } from './archive-index.js'
import { type ByteSource, partOf } from './byte-source.js'
import { type FileTree, foldersAbove } from './file-tree.js'
import { ReadAhead } from './read-ahead.js'
import { parseTarAttributes, parseTarHeader, tarBlock, type TarHeader } from './tar-header.js'

/** Names and attributes longer than this are no names of pictures. */
const longestDescription = 1 << 20

/**
 * The files of a tar archive, read in place: its headers are walked once, contents read when asked for.
 *
 * @throws InputError when it is cut off or damaged, holds names that lead out of it or come twice, or
 * links.
 */
export async function openTar(bytes: ByteSource): Promise<FileTree> {
  const index = new ArchiveIndex<{ start: number; size: number }>(bytes.name)
  for await (const entry of tarEntries(bytes)) {
    if (entry.type === 'folder') index.add(`${entry.name}/`, entry)
    if (entry.type === 'file') index.add(entry.name, entry)
    if (entry.type === 'link') index.refuseLink(entry.name)
  }
  const files = index.files()
  const label = (file: string): string => `${bytes.name}: ${file}`
  const content = (file: string): ByteSource => {
    const { start, size } = index.members.get(file)!
    return partOf(bytes, label(file), start, size)
  }
  return {
    root: bytes.name,
    files,
    folders: foldersAbove(files, index.folders),
    label,
    read: (file) => content(file).read(0, index.members.get(file)!.size),
    open: async (file) => content(file),
    close: () => bytes.close(),
  }
}

/** Whether the bytes begin like a tar archive. */
export async function isTar(bytes: ByteSource): Promise<boolean> {
  return bytes.size >= tarBlock && parseTarHeader(await bytes.read(0, tarBlock)) !== undefined
}

interface TarEntry extends TarHeader {
  /** Where its content begins. */
  readonly start: number
}

async function* tarEntries(bytes: ByteSource): AsyncGenerator<TarEntry> {
  const ahead = new ReadAhead(bytes)
  let described: { name?: string; size?: number } = {}
  for (let at = 0; ;) {
    if (at + tarBlock > bytes.size) throw damaged(bytes)
    const block = ahead.peek(at, tarBlock) ?? (await ahead.read(at, tarBlock))
    if (block.every((byte) => byte === 0)) return
    const header = parseTarHeader(block)
    if (!header) throw damaged(bytes)
    const start = at + tarBlock
    const size = described.size ?? header.size
    if (start + size > bytes.size) throw damaged(bytes)
    if (header.type === 'long-name' || header.type === 'attributes') {
      if (size > longestDescription) throw damaged(bytes)
      Object.assign(described, describe(header, await ahead.read(start, size), bytes))
    } else {
      yield { ...header, name: described.name ?? header.name, size, start }
      described = {}
    }
    at = start + Math.ceil(size / tarBlock) * tarBlock
  }
}

/** What a GNU long name or a POSIX extended header says of the entry after it. */
function describe(header: TarHeader, content: Buffer, bytes: ByteSource): { name?: string; size?: number } {
  if (header.type === 'long-name') return { name: content.toString('utf8').replace(/\0.*$/s, '') }
  const attributes = parseTarAttributes(content)
  const size = Number(attributes?.get('size') ?? 0)
  if (!attributes || !Number.isSafeInteger(size) || size < 0) throw damaged(bytes)
  const name = attributes.get('path')
  return { ...(name === undefined ? {} : { name }), ...(attributes.has('size') ? { size } : {}) }
}

function damaged(bytes: ByteSource): InputError {
  return new InputError(`${bytes.name}: is a damaged or cut off tar archive; fetch or pack it again`)
}
