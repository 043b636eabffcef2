import { isImageFile } from '../image-file.js'
import type { FileTree } from '../sources/file-tree.js'
import { type LeftOut, LeftOutEntries } from '../sources/left-out.js'
import type { SplitFile } from '../splits/split-file.js'
import { isUnread } from '../unread-pictures.js'
import type { ClassImages, LayoutIndex } from './layout.js'

interface Place {
  readonly group: string
  readonly label: string
  readonly id: string
}

/**
 * A source in which every real file counts once, whatever names it has through links: by its own name, and of
 * several such by the first. A class that has only other names of files goes.
 *
 * @param split the split file whose classes alone count, if there is one
 */
export function eachFileOnce(
  index: LayoutIndex,
  split?: SplitFile,
): { index: LayoutIndex; leftOut: LeftOut[] } {
  const { realFile, groups } = index
  if (!realFile) return { index, leftOut: [] }
  const wanted = split && new Set(Object.values(split.classes).flat())
  const places = [...groups].flatMap(([group, classes]) =>
    [...classes]
      .filter(([label]) => !wanted || wanted.has(label))
      .flatMap(([label, ids]) => ids.map((id): Place => ({ group, label, id }))),
  )
  const files = places.map((place) => ({ place, ...realFile(place.id) }))
  const counted = new Map<string, Place>()
  const others = new Map<string, Set<string>>()
  const leftOut = new LeftOutEntries()
  for (const { place, identity } of [
    ...files.filter((one) => !one.isLink),
    ...files.filter((one) => one.isLink),
  ]) {
    const first = counted.get(identity)
    if (!first) {
      counted.set(identity, place)
      continue
    }
    others.set(place.group, (others.get(place.group) ?? new Set()).add(place.id))
    leftOut.add(
      first.label === place.label ? 'same-file' : 'same-file-other-class',
      `${place.id} is ${first.id}`,
    )
  }
  if (others.size === 0) return { index, leftOut: [] }
  const kept = [...groups].map(([group, classes]): [string, ClassImages] => [
    group,
    without(classes, others.get(group) ?? new Set()),
  ])
  return { index: { ...index, groups: new Map(kept) }, leftOut: leftOut.list() }
}

function without(classes: ClassImages, ids: ReadonlySet<string>): ClassImages {
  const left = [...classes].map(([label, images]): [string, string[], number] => [
    label,
    images.filter((id) => !ids.has(id)),
    images.length,
  ])
  return new Map(
    left
      .filter(([, images, before]) => images.length > 0 || before === 0)
      .map(([label, images]) => [label, images]),
  )
}

/** What a folder holds that was prepared by this package. */
const ownFiles = new Set(['dataset.json', 'checksums.sha256'])

/**
 * Files of a tree that a layout passes over: those that are no pictures by their endings, and pictures that
 * it puts into no class.
 *
 * @param read the files that the layout itself has read, such as tables
 */
export function passedOverBy(index: LayoutIndex, tree: FileTree, read: ReadonlySet<string>): LeftOut[] {
  const leftOut = new LeftOutEntries()
  const { nameOf } = index
  if (!nameOf) return []
  const placed = new Set(
    [...index.groups.values()].flatMap((classes) => [...classes.values()].flat().map(nameOf)),
  )
  // few endings are named, those of pictures before others
  const isFirst = (file: string) => isUnread(endingOf(file))
  const files = [...tree.files.filter(isFirst), ...tree.files.filter((file) => !isFirst(file))]
  for (const file of files) {
    const name = file.slice(file.lastIndexOf('/') + 1)
    if (placed.has(file) || read.has(file) || ownFiles.has(name)) continue
    if (!isImageFile(file)) leftOut.add('not-a-picture', endingOf(name))
    else if (!index.isPartial) leftOut.add('no-class', file)
  }
  return leftOut.list()
}

/** What a name ends with, as `.txt`. */
export function endingOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > name.lastIndexOf('/') ? name.slice(dot).toLowerCase() : 'no ending'
}
