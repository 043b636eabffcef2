import type { FileTree } from './file-tree.js'

/** A tree that remembers which of its files were read. */
export function recordedTree(tree: FileTree): { tree: FileTree; read: ReadonlySet<string> } {
  const read = new Set<string>()
  return {
    tree: {
      ...tree,
      read(file) {
        read.add(file)
        return tree.read(file)
      },
      open(file) {
        read.add(file)
        return tree.open(file)
      },
    },
    read,
  }
}
