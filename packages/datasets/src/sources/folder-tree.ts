import { join } from 'node:path'
import { InputError, readRegularFile } from '@m2l/engine'
import glob from 'fast-glob'
import { isLeftover } from '../image-file.js'
import { type ByteSource, openFile, unreadable } from './byte-source.js'
import type { FileTree } from './file-tree.js'

/** Folders nested deeper are not looked into; it ends links that lead round in a circle. */
const deepest = 12

/**
 * The files of a folder and all folders in it; links are followed.
 *
 * @throws InputError when a folder cannot be read, or two names are the same after Unicode normalisation (NFC).
 */
export async function openFolder(root: string): Promise<FileTree> {
  const onDisk = new Map<string, string>()
  const folders: string[] = []
  for (const found of await list(root)) {
    const name = found.normalize('NFC')
    if (isLeftover(name)) continue
    if (name.endsWith('/')) {
      folders.push(name.slice(0, -1))
    } else {
      if (onDisk.has(name)) {
        throw new InputError(
          `${join(root, name)}: two files have this name in different Unicode forms; rename one`,
        )
      }
      onDisk.set(name, found)
    }
  }
  const opened: ByteSource[] = []
  const pathOf = (file: string): string => join(root, onDisk.get(file) ?? file)
  return {
    root,
    files: [...onDisk.keys()].toSorted(),
    folders: folders.toSorted(),
    label: pathOf,
    pathOf,
    read: (file) =>
      readRegularFile(pathOf(file)).catch((error: unknown) => {
        throw unreadable(pathOf(file), error)
      }),
    async open(file) {
      const bytes = await openFile(pathOf(file))
      opened.push(bytes)
      return bytes
    },
    async close() {
      for (const bytes of opened.splice(0)) await bytes.close()
    },
  }
}

async function list(root: string): Promise<string[]> {
  try {
    return await glob('**', { cwd: root, onlyFiles: false, markDirectories: true, deep: deepest })
  } catch (error) {
    throw unreadable((error as NodeJS.ErrnoException).path ?? root, error)
  }
}
