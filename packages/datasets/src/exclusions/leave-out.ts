import { count, InputError } from '@m2l/engine'
import type { ClassImages, LayoutIndex } from '../layouts/layout.js'
import type { SplitFile } from '../splits/split-file.js'
import type { ExclusionList } from './exclusion-list.js'

/**
 * A source without the pictures of a list, and without the classes that have no others. Names of pictures
 * that are gone from the source are passed over, see {@link notesOnStrangers}.
 *
 * @param split the split file that names the classes to keep, if there is one
 * @throws InputError when the source has none of the pictures, so that the list must be of another, or when
 *   nothing is left of a class that the split file names
 */
export function leaveOut(
  root: string,
  index: LayoutIndex,
  { source, ids }: ExclusionList,
  split?: SplitFile,
): LayoutIndex {
  let found = 0
  const named = new Set(Object.values(split?.classes ?? {}).flat())
  const groups = new Map<string, ClassImages>()
  for (const [group, classes] of index.groups) {
    const kept: ClassImages = new Map()
    for (const [name, images] of classes) {
      const others = images.filter((id) => !ids.has(id))
      found += images.length - others.length
      if (others.length > 0 || images.length === 0) kept.set(name, others)
      else if (named.has(name)) {
        throw new InputError(
          `${source}: leaves no image of class "${name}", which ${split!.source} names; take one off the list, or the class out of the split`,
        )
      }
    }
    groups.set(group, kept)
  }
  if (found === 0 && ids.size > 0 && !index.isPartial) {
    throw new InputError(
      `${source}: none of its ${count(ids.size, 'picture')}, such as ${JSON.stringify([...ids][0])}, is in ${root}; name the list of this data set`,
    )
  }
  return { ...index, groups }
}

/** Tells of listed pictures that the source does not have. */
export function notesOnStrangers(
  root: string,
  { groups, isPartial = false }: LayoutIndex,
  { source, ids }: ExclusionList,
): string[] {
  if (isPartial) return []
  const there = new Set([...groups.values()].flatMap((classes) => [...classes.values()].flat()))
  const strange = [...ids].filter((id) => !there.has(id))
  if (strange.length === 0) return []
  return [
    `${source}: names ${count(strange.length, 'picture')} that ${strange.length === 1 ? 'is' : 'are'} not in ${root}, such as ${JSON.stringify(strange[0])}`,
  ]
}
