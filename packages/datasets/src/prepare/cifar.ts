import type { LayoutIndex, LayoutInput } from '../layouts/layout.js'
import { readLayout } from '../layouts/read-layout.js'
import { readSplitFile, type SplitFile } from '../splits/split-file.js'
import { type NameLabels, numberedClass, readLabelledPickles } from './labelled-pickles.js'
import { splitFiles } from './pickle-index.js'

/**
 * CIFAR-FS or FC100 from CIFAR-100 in any of its forms, or from the common pickles
 * `CIFAR_FS_{train,val,test}.pickle` and `FC100_{train,val,test}.pickle`.
 *
 * @param name of the shipped split
 */
export async function readCifarSplit(name: 'cifar-fs' | 'fc100', input: LayoutInput): Promise<LayoutIndex> {
  const files = splitFiles(
    input.tree,
    (split) => new RegExp(`^${name.replace('-', '[-_]?')}_${split}\\.p(ic)?kle?$`, 'i'),
  )
  if (files.size === 0) return readLayout(input)
  return readLabelledPickles(input.tree, files, labelsOfCifar100(await readSplitFile(name)))
}

/** CIFAR-100 numbers its classes in order of their names; other numbers are left as they are. */
function labelsOfCifar100({ classes }: SplitFile): NameLabels {
  const names = Object.values(classes).flat().toSorted()
  const splits = new Map(Object.entries(classes).flatMap(([split, of]) => of.map((name) => [name, split])))
  return (split, labels) => {
    const isCifar100 = [...labels].every((label) => splits.get(names[label] ?? '') === split)
    return isCifar100 ? (label) => names[label]! : numberedClass(split)
  }
}
