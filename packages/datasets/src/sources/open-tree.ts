import { stat } from 'node:fs/promises'
import { InputError } from '@m2l/engine'
import { type ByteSource, openFile, unreadable } from './byte-source.js'
import type { FileTree } from './file-tree.js'
import { openFolder } from './folder-tree.js'
import { isTar, openTar } from './tar-tree.js'
import { unpackGzip, unpackGzipToFile } from './unpack-gzip.js'
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
 * @param scratch a file to unpack a tar.gz archive into, whatever its size; by default it is unpacked in memory
 * @param expected what else a message says was expected
 * @throws InputError when it does not exist, cannot be read, or is none of these.
 */
export async function openTree(root: string, scratch?: Scratch, expected = 'a folder'): Promise<FileTree> {
  const found = await stat(root).catch((error: unknown) => {
    throw unreadable(root, error)
  })
  if (found.isDirectory()) return openFolder(root)
  if (!found.isFile()) throw noArchive(root, expected)
  const file = await openFile(root)
  try {
    return await openArchive(file, expected, scratch)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openArchive(file: ByteSource, expected: string, scratch?: Scratch): Promise<FileTree> {
  const start = (await file.read(0, Math.min(4, file.size))).toString('latin1')
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
  throw noArchive(file.name, expected)
}

function unpack(path: string, scratch?: Scratch): Promise<ByteSource> {
  return scratch ? unpackGzipToFile(path, scratch.file, scratch.signal) : unpackGzip(path)
}

function noArchive(root: string, expected: string): InputError {
  return new InputError(`${root}: is neither ${expected} nor a zip, tar or tar.gz archive; name one of these`)
}
