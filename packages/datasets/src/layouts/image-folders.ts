import { InputError } from '@m2l/engine'
import { isImageFile } from '../image-file.js'
import { type FileTree, parentOf } from '../sources/file-tree.js'
import {
  type Arrangement,
  arrangementOf,
  below,
  hasSplitFolders,
  isCertainly,
  omniglotParts,
  requireOneEach,
} from './arrangement.js'
import { notesOnNesting, quoted } from './class-names.js'
import {
  type ClassImages,
  type LayoutIndex,
  type LayoutInput,
  type LayoutName,
  pictureFiles,
  putTogether,
} from './layout.js'
import { isFiller, splitOf } from './split-names.js'

/**
 * Which of the three layouts of class folders a tree has.
 *
 * @throws InputError when it cannot be told whether folders are splits or classes
 */
export function detectImageFolders(tree: FileTree): LayoutName {
  const arrangement = arrangementOf(tree)
  if (arrangement.others.every((name) => omniglotParts.has(name)) && isEmpty(arrangement)) return 'omniglot'
  return hasSplitFolders(tree.root, arrangement) ? 'split-folders' : 'class-folders'
}

/**
 * Folders of class folders: the path of an image's folder, below what all have in common, is its class. Where
 * all of them lie in split folders, those are put together.
 */
export function readClassFolders(input: LayoutInput): LayoutIndex {
  const arrangement = arrangementOf(input.tree)
  const { splits } = arrangement
  if (splits.size === 0 || !isCertainly(arrangement)) {
    const index = readFolders(input, arrangement, (path) => ['all', path])
    requireNoSplitsWithin(input.tree.root, index.groups.get('all')!)
    const notes = [...splits.keys()].map(
      (name) => `${input.tree.root}: folder ${quoted(name)} is taken for a group of classes, not for a split`,
    )
    return {
      ...index,
      notes: [...notes, ...notesOnNesting(input.tree.root, [...index.groups.get('all')!.keys()])],
    }
  }
  const index = readSplits(input, arrangement)
  const note = `${input.tree.root}: the classes of its folders ${[...splits.keys()].join(', ')} are put together`
  return {
    ...index,
    groups: putTogether(index.groups),
    notes: [...(index.notes ?? []), ...(splits.size > 1 ? [note] : [])],
  }
}

/**
 * Folders for `train`, `val` and `test` (or some of them), by these or other usual names, of class folders;
 * folders beside them are passed over.
 *
 * @throws InputError when two of them are the same split
 */
export function readSplitFolders(input: LayoutInput): LayoutIndex {
  return readSplits(input, arrangementOf(input.tree))
}

function readSplits(input: LayoutInput, arrangement: Arrangement): LayoutIndex {
  requireOneEach(input.tree.root, arrangement)
  const { splits } = arrangement
  const index = readFolders(input, arrangement, (path) => {
    const [first, ...name] = path.split('/')
    const split = splits.get(first!)
    return split !== undefined && name.length > 0 ? [split, name.join('/')] : undefined
  })
  const groups = withoutFillers(index.groups)
  const nested = [...groups.values()].flatMap((classes) =>
    notesOnNesting(input.tree.root, [...classes.keys()]),
  )
  return { ...index, groups, notes: [...notesOnPassedOver(input.tree.root, arrangement), ...nested] }
}

/**
 * Omniglot: `images_background/` (train) and `images_evaluation/` (test) of `<alphabet>/<character>/`; each
 * quarter turn of a character is a class of its own.
 */
export function readOmniglot(input: LayoutInput): LayoutIndex {
  const index = readFolders(input, arrangementOf(input.tree), (path) => {
    const [part, ...name] = path.split('/')
    const split = omniglotParts.get(part!)
    return split !== undefined && name.length > 0 ? [split, name.join('/')] : undefined
  })
  return { ...index, rotated: true }
}

/** @throws InputError when every class folder holds split folders, which are no classes */
function requireNoSplitsWithin(root: string, classes: ClassImages): void {
  const ends = [...classes.keys()].map((name) => name.split('/'))
  const splits = new Set(ends.map((parts) => splitOf(parts.at(-1)!)))
  if (splits.size < 2 || splits.has(undefined) || ends.some((parts) => parts.length < 2)) return
  const [first, ...name] = [ends[0]!.at(-1)!, ...ends[0]!.slice(0, -1)]
  throw new InputError(
    `${root}: split folders such as ${quoted(first)} lie in class folders such as ${quoted(name.join('/'))}; put class folders into folders train, val and test`,
  )
}

type Place = (path: string) => [split: string, name: string] | undefined

/** Sorts class folders into splits; ids are paths below what all class folders have in common. */
function readFolders(input: LayoutInput, { top, folders }: Arrangement, place: Place): LayoutIndex {
  const { tree } = input
  const groups = new Map<string, ClassImages>()
  const placed = [...folders].filter(([folder]) => place(below(top, folder)))
  const empty = emptyClassFolders(tree, top, new Map(placed)).map((folder) => [folder, []] as const)
  for (const [folder, files] of [...placed, ...empty]) {
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
  const seen = tree.folders.filter((folder) => parentOf(folder) === top).map((folder) => below(top, folder))
  return { groups, rotated: false, seen, ...pictureFiles(input, within) }
}

/** Folders without images and without folders, as deep below the top as class folders are. */
function emptyClassFolders(tree: FileTree, top: string, classes: ReadonlyMap<string, unknown>): string[] {
  const depth = (folder: string): number => folder.split('/').length
  const depths = new Set([...classes.keys()].map(depth))
  const parents = new Set(tree.folders.map(parentOf))
  const imageFolders = new Set(tree.files.filter(isImageFile).map(parentOf))
  return tree.folders.filter(
    (folder) =>
      !imageFolders.has(folder) &&
      !parents.has(folder) &&
      depths.has(depth(folder)) &&
      (top === '' || folder.startsWith(`${top}/`)),
  )
}

/** Classes by their names without a folder such as `images` that all of them lie in below their splits. */
function withoutFillers(groups: ReadonlyMap<string, ClassImages>): ReadonlyMap<string, ClassImages> {
  const names = [...groups.values()].flatMap((classes) => [...classes.keys()])
  const [filler] = names[0]!.split('/')
  if (!isFiller(filler!) || !names.every((name) => name.startsWith(`${filler}/`))) return groups
  return new Map(
    [...groups].map(([split, classes]) => [
      split,
      new Map([...classes].map(([name, images]) => [below(filler!, name), images])),
    ]),
  )
}

function notesOnPassedOver(root: string, { top, folders, flat, others }: Arrangement): string[] {
  return [...flat.keys(), ...others].map((name) => {
    const path = top === '' ? name : `${top}/${name}`
    const images = [...folders]
      .filter(([folder]) => folder === path || folder.startsWith(`${path}/`))
      .reduce((sum, [, files]) => sum + files.length, 0)
    const why = flat.has(name) ? 'it holds no folders of classes' : 'it is named like no split'
    return `${root}: passed over ${images} ${images === 1 ? 'picture' : 'pictures'} in folder ${quoted(name)}, since ${why}`
  })
}

function isEmpty({ splits, flat }: Arrangement): boolean {
  return splits.size === 0 && flat.size === 0
}
