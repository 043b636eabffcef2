import { count, InputError } from '@m2l/engine'
import { isBomb } from './archive-bomb.js'
import { ArchiveIndex } from './archive-index.js'
import { type ByteSource, partOf } from './byte-source.js'
import { decodeName, escapedName } from './entry-name.js'
import { type FileTree, foldersAbove } from './file-tree.js'
import { type TarEntry, tarEntries } from './tar-entries.js'
import { parseTarHeader, tarBlock } from './tar-header.js'
import { sparseFile } from './tar-sparse.js'

/**
 * The files of a tar archive, read in place: its headers are walked once, contents read when asked for. Links
 * to files in it stand for these, and of entries with one name the last counts, as when it is unpacked.
 *
 * @throws InputError when it is cut off or damaged, or holds names that lead out of it
 */
export async function openTar(bytes: ByteSource): Promise<FileTree> {
  const index = new ArchiveIndex<TarEntry>(bytes.name)
  for await (const entry of tarEntries(bytes)) take(index, entry)
  const files = index.files()
  const { realFile } = index
  const label = (file: string): string => `${bytes.name}: ${file}`
  const content = (file: string): ByteSource => {
    const { start, size, map } = index.member(file)
    if (!map) return partOf(bytes, label(file), start, size)
    if (isBomb(size, map.size)) {
      throw new InputError(
        `${label(file)}: would unpack to ${count(map.size, 'byte')} from ${size}, as no honest file does; do not use this archive`,
      )
    }
    return sparseFile(bytes, label(file), map)
  }
  return {
    root: bytes.name,
    files,
    folders: foldersAbove(files, index.folders),
    leftOut: index.leftOut,
    ...(realFile && { realFile }),
    label,
    async read(file) {
      const whole = content(file)
      return whole.read(0, whole.size)
    },
    open: async (file) => content(file),
    close: () => bytes.close(),
  }
}

/** Whether the bytes begin like a tar archive. */
export async function isTar(bytes: ByteSource): Promise<boolean> {
  return bytes.size >= tarBlock && parseTarHeader(await bytes.read(0, tarBlock)) !== undefined
}

function take(index: ArchiveIndex<TarEntry>, entry: TarEntry): void {
  if (entry.type === 'label') return
  const name = decodeName(entry.name)
  if (name === undefined) return index.leaveOut('name', escapedName(entry.name))
  switch (entry.type) {
    case 'file':
      return index.add(name, entry, { later: true })
    case 'folder':
    case 'listing':
      return index.add(`${name}/`, entry)
    case 'hard-link':
    case 'symbolic-link': {
      const hard = entry.type === 'hard-link'
      return index.addLink(name, decodeName(entry.link) ?? '', { hard, later: true })
    }
    default:
      return index.leaveOut('special', name)
  }
}
