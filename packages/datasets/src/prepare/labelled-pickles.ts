import { pickleText } from '@m2l/pickle'
import { requireDistinct } from '../layouts/class-names.js'
import type { LayoutIndex } from '../layouts/layout.js'
import type { FileTree } from '../sources/file-tree.js'
import { byLabel, type PickledSplit, pickleIndex } from './pickle-index.js'
import { dictOf, integersOf, openPickled, type PickledFile, textsOf, unexpected } from './pickle-file.js'
import { pixelArrays } from './pixel-arrays.js'

/** What the classes of a split's labels are called where a pickle does not say so. */
export type NameLabels = (split: string, labels: ReadonlySet<number>) => (label: number) => string

/**
 * Pickles of one split each that hold `data`, pixels, and `labels`, a number for each picture; classes are
 * called as `catname2label` or `label2catname` say.
 *
 * @throws InputError when a pickle holds something else
 */
export async function readLabelledPickles(
  tree: FileTree,
  files: ReadonlyMap<string, string>,
  nameLabels: NameLabels = numberedClass,
): Promise<LayoutIndex> {
  const splits: PickledSplit[] = []
  for (const [split, path] of files) {
    const file = await openPickled(tree, path)
    const dict = dictOf(file)
    const images = pixelArrays(file, dict.get('data'))
    if (!images) throw unexpected(file, '"data" is no array of pictures of three bytes a pixel')
    const labels = await integersOf(file, dict.get('labels'))
    if (labels?.length !== images.count)
      throw unexpected(file, `"labels" are not ${images.count} whole numbers, one a picture`)
    const names = namesOf(file)
    if (names) requireDistinct(file.name, [...names.values()])
    if (names && labels.some((label) => !names.has(label)))
      throw unexpected(file, '"labels" has one that no class is named for')
    const nameOf = names ? (label: number) => names.get(label)! : nameLabels(split, new Set(labels))
    const classes = byLabel(labels, nameOf)
    splits.push({ split, classes, read: images.read })
  }
  return pickleIndex(splits)
}

/** `val_007` for 7: every split may count from 0. */
export function numberedClass(split: string): (label: number) => string {
  return (label) => `${split}_${String(label).padStart(3, '0')}`
}

/** Names by label, where a pickle tells them. */
function namesOf(file: PickledFile): Map<number, string> | undefined {
  const dict = dictOf(file)
  const labels = dict.get('catname2label')
  const names = new Map<number, string>()
  if (labels instanceof Map) {
    for (const [key, label] of labels) {
      const name = pickleText(key)
      if (name === undefined) throw unexpected(file, '"catname2label" has a name that is no text of UTF-8')
      if (typeof label !== 'number' || names.has(label))
        throw unexpected(file, '"catname2label" does not give each class a number of its own')
      names.set(label, name)
    }
    return names
  }
  const list = dict.get('label2catname')
  if (list === undefined) return undefined
  if (!(list instanceof Map)) {
    const texts = textsOf(list)
    if (!texts) throw unexpected(file, '"label2catname" is no list of texts of UTF-8')
    return new Map(texts.map((text, index) => [index, text]))
  }
  for (const [label, name] of list) {
    const text = pickleText(name)
    if (text === undefined) throw unexpected(file, '"label2catname" has a name that is no text of UTF-8')
    if (typeof label !== 'number') throw unexpected(file, '"label2catname" does not name classes by number')
    names.set(label, text)
  }
  return names
}
