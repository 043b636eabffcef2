import { InputError } from '@m2l/engine'
import { imageExtensions, isImageFile } from '../image-file.js'
import { type FileTree, parentOf } from '../sources/file-tree.js'
import {
  type ClassImages,
  type LayoutIndex,
  type LayoutInput,
  type LayoutName,
  ownSplits,
  pictureFiles,
} from './layout.js'

const omniglotParts: ReadonlyMap<string, string> = new Map([
  ['images_background', 'train'],
  ['images_evaluation', 'test'],
])

/** Which of the three layouts of class folders a tree has. */
export function detectImageFolders(tree: FileTree): LayoutName {
  const { top, folders } = classFolders(tree)
  const first = [...folders.keys()].map((folder) => below(top, folder).split('/'))
  if (first.every(([part]) => omniglotParts.has(part!))) return 'omniglot'
  return first.every((parts) => parts.length > 1 && ownSplits.includes(parts[0]!))
    ? 'split-folders'
    : 'class-folders'
}

/** Folders of class folders: the path of an image's folder, below what all have in common, is its class. */
export function readClassFolders(input: LayoutInput): LayoutIndex {
  return readFolders(input, (path) => ['all', path])
}

/** `train/`, `val/` and `test/` folders (or some of them) of class folders; folders beside them are passed over. */
export function readSplitFolders(input: LayoutInput): LayoutIndex {
  return readFolders(input, (path) => {
    const [split, ...name] = path.split('/')
    return ownSplits.includes(split!) && name.length > 0 ? [split!, name.join('/')] : undefined
  })
}

/**
 * Omniglot: `images_background/` (train) and `images_evaluation/` (test) of `<alphabet>/<character>/`; each quarter
 * turn of a character is a class of its own.
 */
export function readOmniglot(input: LayoutInput): LayoutIndex {
  const index = readFolders(input, (path) => {
    const [part, ...name] = path.split('/')
    const split = omniglotParts.get(part!)
    return split !== undefined && name.length > 0 ? [split, name.join('/')] : undefined
  })
  return { ...index, rotated: true }
}

/** Sorts class folders into splits; ids are paths below what all class folders have in common. */
function readFolders(
  input: LayoutInput,
  place: (path: string) => [split: string, name: string] | undefined,
): LayoutIndex {
  const { tree } = input
  const { top, folders } = classFolders(tree)
  const groups = new Map<string, ClassImages>()
  for (const [folder, files] of folders) {
    const [split, name] = place(below(top, folder)) ?? []
    if (split === undefined || name === undefined) continue
    if (!groups.has(split)) groups.set(split, new Map())
    const classes = groups.get(split)!
    classes.set(name, [...(classes.get(name) ?? []), ...files.map((file) => below(top, file))])
  }
  if (groups.size === 0) {
    throw new InputError(
      `${tree.root}: has no folders of this layout; leave out "layout" to have it recognised`,
    )
  }
  const within = (id: string): string => (top === '' ? id : `${top}/${id}`)
  return { groups, rotated: false, ...pictureFiles(input, within) }
}

interface ClassFolders {
  /** The folder that holds the data set. */
  readonly top: string
  /** Image files by the folder they lie in; class folders without images have none. */
  readonly folders: ReadonlyMap<string, string[]>
}

function classFolders(tree: FileTree): ClassFolders {
  const folders = new Map<string, string[]>()
  for (const file of tree.files) {
    if (!isImageFile(file)) continue
    const folder = parentOf(file)
    if (folder === '') {
      throw new InputError(
        `${tree.label(file)}: lies outside any class folder; put each class's images into a folder`,
      )
    }
    const files = folders.get(folder)
    if (files) files.push(file)
    else folders.set(folder, [file])
  }
  if (folders.size === 0) throw new InputError(`${tree.root}: holds no images (${imageExtensions.join(' ')})`)
  const top = topOf([...folders.keys()])
  for (const folder of emptyClassFolders(tree, top, folders)) folders.set(folder, [])
  return { top, folders }
}

/** The folder that all class folders lie in, or the one above it where that is a split or a part of Omniglot. */
function topOf(folders: readonly string[]): string {
  let common = parentOf(folders[0]!).split('/')
  for (const folder of folders) {
    const parts = parentOf(folder).split('/')
    const shared = common.findIndex((part, index) => parts[index] !== part)
    if (shared >= 0) common = common.slice(0, shared)
  }
  const special = common.findIndex((part) => ownSplits.includes(part) || omniglotParts.has(part))
  return (special < 0 ? common : common.slice(0, special)).join('/')
}

/** Folders without images and without folders, as deep below the top as class folders are. */
function emptyClassFolders(tree: FileTree, top: string, classes: ReadonlyMap<string, unknown>): string[] {
  const depth = (folder: string): number => folder.split('/').length
  const depths = new Set([...classes.keys()].map(depth))
  const parents = new Set(tree.folders.map(parentOf))
  return tree.folders.filter(
    (folder) =>
      !classes.has(folder) && !parents.has(folder) && depths.has(depth(folder)) && isBelow(top, folder),
  )
}

function isBelow(top: string, path: string): boolean {
  return top === '' || path.startsWith(`${top}/`)
}

function below(top: string, path: string): string {
  return top === '' ? path : path.slice(top.length + 1)
}
