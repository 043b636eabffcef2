import { statSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { readRegularFile } from '@m2l/engine-native'
import { type ByteSource, openFile, unreadable } from './byte-source.js'
import { identityOf } from './file-identity.js'
import type { FileTree } from './file-tree.js'
import { walkFolder } from './walk-folder.js'

/**
 * The files of a folder and all folders in it; links are followed, but no folder is looked into from within
 * itself.
 *
 * @throws InputError when a folder cannot be read, or two names are the same after Unicode normalisation
 *   (NFC).
 */
export async function openFolder(root: string): Promise<FileTree> {
  const { files, folders, leftOut } = await walkFolder(root)
  const onDisk = byComposedName(root, files)
  byComposedName(root, folders)
  const opened: ByteSource[] = []
  const pathOf = (file: string): string => join(root, onDisk.get(file)?.name ?? file)
  return {
    root,
    files: [...onDisk.keys()].toSorted(),
    folders: folders.map(({ name }) => name.normalize('NFC')).toSorted(),
    leftOut,
    label: pathOf,
    pathOf,
    realFile(file) {
      const { real, isLink } = onDisk.get(file)!
      const found = statSync(real, { bigint: true, throwIfNoEntry: false })
      return { identity: (found && identityOf(found)) ?? real, isLink }
    },
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

function byComposedName<Found extends { readonly name: string }>(
  root: string,
  found: readonly Found[],
): Map<string, Found> {
  const byName = new Map<string, Found>()
  for (const one of found) {
    const name = one.name.normalize('NFC')
    if (byName.has(name)) {
      throw new InputError(
        `${join(root, name)}: two files or folders have this name in different Unicode forms; rename one`,
      )
    }
    byName.set(name, one)
  }
  return byName
}
