import { InputError } from '@m2l/engine'
import { imageExtensions, isImageFile } from '../image-file.js'
import { type FileTree, parentOf } from '../sources/file-tree.js'
import { describeLeftOut } from '../sources/left-out.js'
import { unreadHint } from '../unread-pictures.js'
import { quoted } from './class-names.js'
import { splitOf, splitsOf } from './split-names.js'

/** Omniglot's own folders, and the splits that they are. */
export const omniglotParts: ReadonlyMap<string, string> = new Map([
  ['images_background', 'train'],
  ['images_evaluation', 'test'],
])

/** How the class folders of a tree lie. */
export interface Arrangement {
  /** The folder that holds the data set. */
  readonly top: string
  /** Image files by the folder that they lie in. */
  readonly folders: ReadonlyMap<string, readonly string[]>
  /** Folders in the top one with class folders in them that are named like splits, and the splits. */
  readonly splits: ReadonlyMap<string, string>
  /** Folders in the top one that are named like splits, but hold pictures themselves and no class folders. */
  readonly flat: ReadonlyMap<string, string>
  /** All other folders in the top one that pictures lie in or below. */
  readonly others: readonly string[]
}

/**
 * Finds how the class folders of a tree lie.
 *
 * @throws InputError when there are no pictures, or some lie in no folder
 */
export function arrangementOf(tree: FileTree): Arrangement {
  const folders = imageFolders(tree)
  const top = topOf([...folders.keys()])
  const deep = new Set<string>()
  const first = new Set<string>()
  for (const folder of folders.keys()) {
    const [name, ...inner] = below(top, folder).split('/')
    first.add(name!)
    if (inner.length > 0) deep.add(name!)
  }
  if ([...deep].some(splitOf)) addEmptySplits(tree, top, { first, deep })
  const names = [...first].toSorted()
  const named = splitsOf(names)
  return {
    top,
    folders,
    splits: new Map([...named].filter(([name]) => deep.has(name))),
    flat: new Map([...named].filter(([name]) => !deep.has(name))),
    others: names.filter((name) => !named.has(name)),
  }
}

/**
 * Whether folders in the top one are the splits, rather than classes or groups of classes.
 *
 * @throws InputError when that cannot be told, or two of them are the same split
 */
export function hasSplitFolders(root: string, arrangement: Arrangement): boolean {
  const { splits, flat, others } = arrangement
  const isCertain = isCertainly(arrangement)
  if (splits.size > 0 && isCertain) {
    requireOneEach(root, arrangement)
    return true
  }
  if (splits.size > 0) {
    throw new InputError(
      `${root}: folder ${quoted([...splits.keys()][0]!)} is named like a split, but ${others.slice(0, 3).map(quoted).join(', ')} beside it ${others.length === 1 ? 'is' : 'are'} not; move ${others.length === 1 ? 'it' : 'these'} elsewhere, or rename the one if it is a class`,
    )
  }
  if (flat.size > 0 && isCertain) {
    throw new InputError(
      `${root}: ${[...flat.keys()].map(quoted).join(', ')} ${flat.size === 1 ? 'is' : 'are'} named like splits and hold pictures, but no folders of classes; put the pictures of each class into a folder there, or add tables of filename,label`,
    )
  }
  return false
}

/** Whether folders named like splits are splits, not classes: they are several, or there are no others. */
export function isCertainly({ splits, flat, others }: Arrangement): boolean {
  return new Set([...splits.values(), ...flat.values()]).size > 1 || others.length === 0
}

/** @throws InputError when two folders are named for the same split */
export function requireOneEach(root: string, { splits, flat }: Arrangement): void {
  const first = new Map<string, string>()
  for (const [name, split] of [...splits, ...flat]) {
    const other = first.get(split)
    if (other !== undefined) {
      throw new InputError(
        `${root}: folders ${quoted(other)} and ${quoted(name)} both mean the split ${split}; put them together, or rename one`,
      )
    }
    first.set(split, name)
  }
}

/** A path below a folder that it lies in; the path itself where that is the root. */
export function below(top: string, path: string): string {
  return top === '' ? path : path.slice(top.length + 1)
}

/** Split folders whose class folders are empty. */
function addEmptySplits(
  tree: FileTree,
  top: string,
  { first, deep }: { first: Set<string>; deep: Set<string> },
): void {
  for (const folder of tree.folders) {
    if (top !== '' && !folder.startsWith(`${top}/`)) continue
    const [name, ...inner] = below(top, folder).split('/')
    if (inner.length === 0 || splitOf(name!) === undefined || first.has(name!)) continue
    first.add(name!)
    deep.add(name!)
  }
}

function imageFolders(tree: FileTree): Map<string, string[]> {
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
  if (folders.size === 0) {
    const more = [describeLeftOut(tree.leftOut), unreadHint(tree.files)].filter((one) => one !== undefined)
    throw new InputError(
      `${tree.root}: holds no images (${imageExtensions.join(' ')})${more.map((one) => `; ${one}`).join('')}`,
    )
  }
  return folders
}

/**
 * The folder that all class folders lie in; the one above the last split or part of Omniglot that they all
 * lie in.
 */
function topOf(folders: readonly string[]): string {
  let common = parentOf(folders[0]!).split('/')
  for (const folder of folders) {
    const parts = parentOf(folder).split('/')
    const shared = common.findIndex((part, index) => parts[index] !== part)
    if (shared >= 0) common = common.slice(0, shared)
  }
  const inCommon = folders.map((folder) => below(common.join('/'), folder).split('/'))
  const deep = inCommon.flatMap(([name, ...inner]) => (inner.length > 0 ? [name!] : []))
  if (splitsOf([...new Set(deep)]).size > 0) return common.join('/')
  const last = common.findLastIndex(
    (part, index) =>
      omniglotParts.has(part) ||
      (splitOf(part) !== undefined && (splitOf(part) === part || index === common.length - 1)),
  )
  return (last < 0 ? common : common.slice(0, last)).join('/')
}
