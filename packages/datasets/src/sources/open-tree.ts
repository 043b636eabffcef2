import { stat } from 'node:fs/promises'
import { InputError } from '@m2l/engine'
import { type ByteSource, openFile, unreadable } from './byte-source.js'
import type { FileTree } from './file-tree.js'
import { openFolder } from './folder-tree.js'
import { isTar, openTar } from './tar-tree.js'
import { unpackGzip, unpackGzipToFile } from './unpack-gzip.js'
import { unreadHint } from '../unread-pictures.js'
import { openZip } from './zip-tree.js'

/** Where to unpack what cannot be read in place. */
export interface Scratch {
  /** A new path in a folder that is there. */
  readonly file: string
  readonly signal?: AbortSignal
}

/**
 * Opens a folder, or a zip, tar or tar.gz archive, which is told by its content, not by its name.
 *
 * @param scratch a file to unpack a tar.gz archive into, whatever its size; by default it is unpacked in
 *   memory
 * @param expected what else a message says was expected
 * @throws InputError when it does not exist, cannot be read, or is none of these.
 */
export async function openTree(root: string, scratch?: Scratch, expected = 'a folder'): Promise<FileTree> {
  const found = await stat(root).catch((error: unknown) => {
    throw unreadable(root, error)
  })
  if (found.isDirectory()) return openFolder(root)
  const file = await openFile(root)
  try {
    return await openArchive(file, expected, scratch)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openArchive(file: ByteSource, expected: string, scratch?: Scratch): Promise<FileTree> {
  const start = (await file.read(0, Math.min(8, file.size))).toString('latin1')
  if (start.startsWith('\x1f\x8b')) {
    const unpacked = await unpack(file.name, scratch)
    try {
      if (!(await isTar(unpacked))) throw noArchive(file.name, expected)
      const tree = await openTar(unpacked)
      await file.close()
      return tree
    } catch (error) {
      await unpacked.close()
      throw error
    }
  }
  if (start.startsWith('PK')) return openZip(file)
  if (await isTar(file)) return openTar(file)
  const other = otherKinds.find(([begin]) => start.startsWith(begin))
  if (other) {
    const [, kind, remedy] = other
    throw new InputError(`${file.name}: is ${kind}, which is not read; ${remedy}`)
  }
  const hint = unreadHint([file.name])
  if (hint !== undefined) throw new InputError(`${file.name}: is not read; ${hint}`)
  throw noArchive(file.name, expected)
}

const unpackIt = 'unpack it and name its folder'

/** Archives and packed files that people have, by how they begin. */
const otherKinds: readonly [begin: string, kind: string, remedy: string][] = [
  ['BZh', 'packed with bzip2', 'run bunzip2 and name the .tar file'],
  ['\xfd7zXZ\0', 'packed with xz', 'run unxz and name the .tar file'],
  ['\x28\xb5\x2f\xfd', 'packed with zstd', 'run unzstd and name the .tar file'],
  ['\x04\x22\x4d\x18', 'packed with lz4', 'run unlz4 and name the .tar file'],
  ['LZIP', 'packed with lzip', 'run lzip -d and name the .tar file'],
  ['\x1f\x9d', 'packed with compress', 'run uncompress and name the .tar file'],
  ["7z\xbc\xaf'\x1c", 'a 7z archive', unpackIt],
  ['Rar!\x1a\x07', 'a rar archive', unpackIt],
  ['xar!', 'a xar archive', unpackIt],
  ['070701', 'a cpio archive', unpackIt],
]

function unpack(path: string, scratch?: Scratch): Promise<ByteSource> {
  return scratch ? unpackGzipToFile(path, scratch.file, scratch.signal) : unpackGzip(path)
}

function noArchive(root: string, expected: string): InputError {
  return new InputError(`${root}: is neither ${expected} nor a zip, tar or tar.gz archive; name one of these`)
}
