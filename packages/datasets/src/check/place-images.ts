import { InputError } from '@m2l/engine'
import type { LayoutIndex } from '../layouts/layout.js'
import { ownSplits } from '../layouts/split-names.js'
import { requireClasses } from '../splits/build-splits.js'
import type { SplitFile } from '../splits/split-file.js'
import type { ClassCount, ImagePlace } from './dataset-check.js'

/**
 * The pictures of a data set, class by class. Unlike in an opened one, classes may be empty or in several
 * splits.
 */
export interface PlacedImages {
  readonly images: readonly ImagePlace[]
  readonly classes: readonly ClassCount[]
  /** Classes that the split file does not name. */
  readonly classesOutside: number
}

/**
 * Places the pictures of a source in the splits of a split file, or else in its own.
 *
 * @throws InputError when the source lacks a class that the split file names, or holds no picture
 */
export function placeImages(root: string, index: LayoutIndex, file?: SplitFile): PlacedImages {
  const { splits, classesOutside } = file ? splitsOf(root, index, file) : ownSplitsOf(index)
  const images: ImagePlace[] = []
  const classes: ClassCount[] = []
  for (const [split, ofSplit] of splits) {
    for (const [name, ids] of ofSplit) {
      classes.push({ split, class: name, images: ids.length })
      for (const id of ids.toSorted()) images.push({ id, class: name, split })
    }
  }
  if (images.length === 0) throw new InputError(`${root}: holds no images of these classes; name another`)
  return { images, classes, classesOutside }
}

interface PlacedSplits {
  readonly splits: readonly (readonly [split: string, classes: (readonly [string, readonly string[]])[]])[]
  readonly classesOutside: number
}

function ownSplitsOf({ groups }: LayoutIndex): PlacedSplits {
  const splits = [...groups]
    .toSorted(([a], [b]) => ownSplits.indexOf(a) - ownSplits.indexOf(b))
    .map(([split, classes]) => [split, [...classes].toSorted(byName)] as const)
  return { splits, classesOutside: 0 }
}

function splitsOf(root: string, { groups }: LayoutIndex, file: SplitFile): PlacedSplits {
  const all = new Map<string, string[]>()
  for (const classes of groups.values()) {
    for (const [name, ids] of classes) all.set(name, [...(all.get(name) ?? []), ...ids])
  }
  const outside = new Set(all.keys())
  const splits = Object.entries(file.classes).map(([split, names]) => {
    requireClasses(root, file.source, split, names, all)
    for (const name of names) outside.delete(name)
    return [split, names.map((name) => [name, all.get(name)!] as const)] as const
  })
  return { splits, classesOutside: outside.size }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
