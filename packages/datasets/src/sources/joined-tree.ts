import { InputError } from '@m2l/engine'
import { type FileTree, foldersAbove } from './file-tree.js'
import { joinLeftOut } from './left-out.js'

/**
 * Several trees as one.
 *
 * @throws InputError when a file is in two of them
 */
export function joinTrees(root: string, trees: readonly FileTree[]): FileTree {
  const owners = new Map<string, FileTree>()
  for (const tree of trees) {
    for (const file of tree.files) {
      const other = owners.get(file)
      if (other) throw new InputError(`${root}: "${file}" is in ${other.root} and in ${tree.root}; leave one`)
      owners.set(file, tree)
    }
  }
  const files = [...owners.keys()].toSorted()
  const ownerOf = (file: string): FileTree => owners.get(file)!
  return {
    root,
    files,
    folders: foldersAbove(
      files,
      trees.flatMap((tree) => tree.folders),
    ),
    leftOut: joinLeftOut(trees.map((tree) => tree.leftOut)),
    realFile(file) {
      const owner = ownerOf(file)
      const { identity, isLink } = owner.realFile?.(file) ?? { identity: file, isLink: false }
      return { identity: owner.pathOf ? identity : `${owner.root}: ${identity}`, isLink }
    },
    label: (file) => ownerOf(file).label(file),
    read: (file) => ownerOf(file).read(file),
    open: (file) => ownerOf(file).open(file),
    async close() {
      for (const tree of trees) await tree.close()
    },
  }
}

/** The part of a tree whose files are chosen, under other names: undefined leaves a file out. */
export function renamedTree(tree: FileTree, rename: (file: string) => string | undefined): FileTree {
  const names = new Map<string, string>()
  for (const file of tree.files) {
    const name = rename(file)
    if (name !== undefined) names.set(name, file)
  }
  const files = [...names.keys()].toSorted()
  const nameOf = (file: string): string => names.get(file)!
  return {
    root: tree.root,
    files,
    folders: foldersAbove(
      files,
      tree.folders.map((folder) => rename(`${folder}/`)?.replace(/\/$/, '') ?? ''),
    ),
    leftOut: tree.leftOut,
    ...(tree.realFile && { realFile: (file: string) => tree.realFile!(nameOf(file)) }),
    label: (file) => tree.label(nameOf(file)),
    read: (file) => tree.read(nameOf(file)),
    open: (file) => tree.open(nameOf(file)),
    close: () => tree.close(),
  }
}
