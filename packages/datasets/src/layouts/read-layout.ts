import { count, InputError, didYouMean } from '@m2l/engine'
import { findTables } from '../tables/find-tables.js'
import { detectCifarBinary, readCifarBinary } from './cifar100-binary.js'
import { detectCifarPython, readCifarPython } from './cifar100-python.js'
import { quoted, withTellableNames } from './class-names.js'
import { readCsv, tableIndex } from './csv.js'
import { detectImageFolders, readClassFolders, readOmniglot, readSplitFolders } from './image-folders.js'
import { type LayoutIndex, type LayoutInput, type LayoutName, layoutNames, putTogether } from './layout.js'

const readers: Readonly<Record<LayoutName, (input: LayoutInput) => LayoutIndex | Promise<LayoutIndex>>> = {
  'cifar100-binary': readCifarBinary,
  'cifar100-python': readCifarPython,
  csv: readCsv,
  omniglot: readOmniglot,
  'split-folders': readSplitFolders,
  'class-folders': readClassFolders,
  classes: readClasses,
}

/**
 * Reads a tree's classes by the named layout, or by the one that it has.
 *
 * @throws InputError when there is no such layout, or the tree does not have it.
 */
export async function readLayout(input: LayoutInput, name?: LayoutName): Promise<LayoutIndex> {
  if (name !== undefined && !layoutNames.includes(name)) {
    throw new InputError(
      `layout "${name}" does not exist${didYouMean(name, layoutNames, quoted) || '; use one'} of ${layoutNames.join(', ')}`,
    )
  }
  return withTellableNames(input.tree.root, await (name ? readers[name](input) : readRecognised(input)))
}

async function readRecognised(input: LayoutInput): Promise<LayoutIndex> {
  const { tree, only } = input
  if (detectCifarBinary(tree)) return readCifarBinary(input)
  if (detectCifarPython(tree)) return readCifarPython(input)
  const found = await findTables(tree, { only })
  if (found.tables.size > 0) return tableIndex(input, found)
  const index = readers[detectImageFolders(tree)](input)
  const { notes = [], ...rest } = await index
  return { ...rest, notes: [...found.notes, ...notes, ...noteOnOneClass(tree.root, rest)] }
}

/** The classes that tables name, or else class folders; those of all splits together. */
async function readClasses(input: LayoutInput): Promise<LayoutIndex> {
  const found = await findTables(input.tree, {})
  if (found.tables.size === 0) {
    const index = readClassFolders(input)
    return { ...index, notes: [...found.notes, ...(index.notes ?? [])] }
  }
  const index = tableIndex(input, found)
  const splits = [...index.groups.keys()].toSorted()
  const files = [...found.tables.values()].map(({ file }) => input.tree.label(file))
  return {
    ...index,
    groups: putTogether(index.groups),
    notes: [
      `${files.join(', ')}: ${files.length > 1 ? 'say' : 'says'} which class each picture is of`,
      ...(splits.length > 1
        ? [`${input.tree.root}: the classes of its splits ${splits.join(', ')} are put together`]
        : []),
      ...(index.notes ?? []),
    ],
  }
}

/** Pictures that are all in one folder are mostly of several classes. */
function noteOnOneClass(root: string, { groups }: LayoutIndex): string[] {
  const classes = groups.get('all')
  if (classes?.size !== 1) return []
  const [[name, images]] = classes as unknown as [[string, string[]]]
  return [
    `${root}: all of its ${count(images.length, 'picture')} are of one class, ${quoted(name)}; expected a folder for each class, or a table of filename,label`,
  ]
}
