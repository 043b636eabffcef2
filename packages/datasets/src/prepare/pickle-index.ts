import { InputError } from '@m2l/engine'
import { requireDistinct } from '../layouts/class-names.js'
import type { ClassImages, LayoutIndex } from '../layouts/layout.js'
import { type FileTree } from '../sources/file-tree.js'
import type { RgbImage } from '@m2l/pictures'

/** One split's pickle, or pair of pickles. */
export interface PickledSplit {
  readonly split: string
  /** Numbers of its pictures by class. */
  readonly classes: ReadonlyMap<string, readonly number[]>
  read(index: number): Promise<RgbImage>
  /** The bytes of a picture that is pickled as a PNG file. */
  readonly file?: (index: number) => Promise<Buffer>
}

/** The files of each split that a tree has, by their names. */
export function splitFiles(tree: FileTree, name: (split: string) => RegExp): Map<string, string> {
  const found = new Map<string, string>()
  for (const split of ['train', 'val', 'test']) {
    const files = tree.files.filter((file) => name(split).test(file.slice(file.lastIndexOf('/') + 1)))
    if (files.length > 1)
      throw new InputError(`${tree.root}: holds both ${files[0]} and ${files[1]}; leave one`)
    if (files[0] !== undefined) found.set(split, files[0])
  }
  return found
}

/** Pickled splits as a layout; ids are `train/0000042.png`, by a picture's place in its pickle. */
export function pickleIndex(splits: readonly PickledSplit[]): LayoutIndex {
  const groups = new Map<string, ClassImages>()
  for (const { split, classes } of splits) {
    const ids = [...classes].map(([name, indices]): [string, string[]] => [
      name.normalize('NFC'),
      indices.map((index) => `${split}/${String(index).padStart(7, '0')}.png`),
    ])
    requireDistinct(
      split,
      ids.map(([name]) => name),
    )
    groups.set(split, new Map(ids))
  }
  const find = (id: string): { of: PickledSplit; index: number } => {
    const [split, name] = id.split('/')
    return { of: splits.find((one) => one.split === split)!, index: Number.parseInt(name!, 10) }
  }
  const read = (id: string) => {
    const { of, index } = find(id)
    return of.read(index)
  }
  if (!splits.every(({ file }) => file)) return { groups, rotated: false, read }
  return {
    groups,
    rotated: false,
    read,
    file: async (id) => {
      const { of, index } = find(id)
      return of.file!(index)
    },
  }
}

/** Numbers of pictures by the class that their label stands for. */
export function byLabel(labels: readonly number[], nameOf: (label: number) => string): Map<string, number[]> {
  const classes = new Map<string, number[]>()
  for (const [index, label] of labels.entries()) {
    const name = nameOf(label)
    const images = classes.get(name)
    if (images) images.push(index)
    else classes.set(name, [index])
  }
  return classes
}
