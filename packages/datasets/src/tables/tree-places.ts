import { posix } from 'node:path'
import { isImageFile } from '../image-file.js'
import { splitOf } from '../layouts/split-names.js'
import { type FileTree, parentOf } from '../sources/file-tree.js'
import type { PicturePlaces } from './picture-places.js'

/** Pictures of a tree by the folder that they lie in and their names. */
export type PictureFolders = ReadonlyMap<string, ReadonlyMap<string, string>>

export function pictureFolders(tree: FileTree): PictureFolders {
  const folders = new Map<string, Map<string, string>>()
  for (const file of tree.files) {
    if (!isImageFile(file)) continue
    const folder = parentOf(file)
    if (!folders.has(folder)) folders.set(folder, new Map())
    folders.get(folder)!.set(posix.basename(file), file)
  }
  return folders
}

/**
 * Where the pictures of a tree's table may lie: in `images/` beside it or beside it; in a folder called as
 * its split; beside the folder that it lies in; or all in some other folder.
 */
export function treePlaces(tree: FileTree, folders: PictureFolders, table: string): PicturePlaces {
  const home = parentOf(table)
  const split = splitOf(posix.basename(table).replace(/\.\w+$/, ''))
  const own = [...folders.keys()]
    .filter((folder) => split !== undefined && splitOf(posix.basename(folder)) === split)
    .map((folder) => posix.relative(home, folder))
  const anywhere = new Map<string, string[]>()
  for (const pictures of folders.values())
    for (const [name, file] of pictures) anywhere.set(name, [...(anywhere.get(name) ?? []), file])
  const near = ['images', '', ...own, ...(home === '' ? [] : ['../images', '..'])]
  return {
    root: tree.root,
    pictures(folder) {
      const path = posix.join(home, folder)
      return folders.get(path === '.' ? '' : path.replace(/\/$/, ''))
    },
    near,
    anywhere,
    far: [...folders.keys()]
      .map((folder) => posix.relative(home, folder))
      .filter((one) => !near.includes(one)),
    ownNames: [posix.basename(home), posix.basename(tree.root.replaceAll('\\', '/'))].filter(
      (one) => one !== '',
    ),
  }
}
