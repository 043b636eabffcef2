import type { LayoutIndex, LayoutInput } from '../layouts/layout.js'
import { readLayout } from '../layouts/read-layout.js'
import { renamedTree } from '../sources/joined-tree.js'

/**
 * Class folders in a folder `images` or `Images`, beside annotations, masks and the like that are passed
 * over.
 */
export async function readImagesFolder(input: LayoutInput): Promise<LayoutIndex> {
  const images = input.tree.folders.find((folder) =>
    /^images$/i.test(folder.slice(folder.lastIndexOf('/') + 1)),
  )
  if (images === undefined) return readLayout(input)
  const tree = renamedTree(input.tree, (file) =>
    file.startsWith(`${images}/`) ? file.slice(images.length + 1) : undefined,
  )
  return readLayout({ ...input, tree })
}
