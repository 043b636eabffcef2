import { posix } from 'node:path'
import { InputError } from '@m2l/engine'
import { quoted } from '../layouts/class-names.js'
import { isFiller, splitOf } from '../layouts/split-names.js'
import { type FileTree, parentOf } from '../sources/file-tree.js'
import { expectedTable, isTable, type LabelTable, readLabelTable } from './label-table.js'
import { type PictureFolders, pictureFolders, treePlaces } from './tree-places.js'

/** A table of a tree. */
export interface FoundTable {
  readonly file: string
  /** Nothing where its split was not asked for. */
  readonly table: LabelTable | undefined
}

/** The tables that say which classes the pictures of a tree are of. */
export interface FoundTables {
  /** By split, or one for `all`. */
  readonly tables: ReadonlyMap<string, FoundTable>
  /** What to tell of tables that are passed over. */
  readonly notes: readonly string[]
}

/** How tables are looked for. */
export interface TableSearch {
  /** The splits whose tables are read; all where undefined. */
  readonly only?: readonly string[] | undefined
  /** Whether there must be one, whatever the folders of pictures say. */
  readonly isAsked?: boolean
}

/**
 * Finds the tables that say which classes the pictures of a tree are of: `train.csv`, `val.csv`, `test.csv`,
 * or one such as `labels.csv`. Where pictures lie in class folders, a single table is used only if it names
 * all of them, and its columns.
 *
 * @throws InputError naming table and line when one is meant so but cannot be read
 */
export async function findTables(
  tree: FileTree,
  { only, isAsked = false }: TableSearch,
): Promise<FoundTables> {
  const folders = pictureFolders(tree)
  const notes: string[] = []
  const isFlat = isAsked || [...folders.keys()].every((folder) => saysNothing(posix.basename(folder)))
  const search: Search = {
    tree,
    folders,
    isFlat: isFlat || folders.size === 1,
    only,
    notes,
    read: async (file) =>
      readLabelTable(tree.label(file), await tree.read(file), treePlaces(tree, folders, file)),
  }
  if (folders.size > 0) {
    for (const files of tablesByFolder(tree)) {
      const tables = (await splitTables(search, files)) ?? (await singleTable(search, files))
      if (tables) return { tables, notes }
    }
  }
  return { tables: new Map(), notes }
}

interface Search {
  readonly tree: FileTree
  readonly folders: PictureFolders
  /** Whether the folders of pictures say nothing of classes. */
  readonly isFlat: boolean
  readonly only: readonly string[] | undefined
  readonly notes: string[]
  readonly read: (file: string) => Promise<LabelTable | undefined>
}

async function splitTables(
  { tree, isFlat, only, notes, read }: Search,
  files: readonly string[],
): Promise<Map<string, FoundTable> | undefined> {
  const named = files.filter((file) => splitOfTable(file) !== undefined)
  const isUnasked = (file: string): boolean => only !== undefined && !only.includes(splitOfTable(file)!)
  const chosen = named.every(isUnasked) ? named.slice(0, 1) : named.filter((file) => !isUnasked(file))
  const found = new Map<string, FoundTable>()
  const problems: InputError[] = []
  for (const file of chosen) {
    const table = await read(file).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error
      problems.push(error)
    })
    if (!table) continue
    const split = splitOfTable(file)!
    const other = found.get(split)
    if (other) {
      throw new InputError(
        `${tree.root}: tables ${quoted(other.file)} and ${quoted(file)} are both of the split ${split}; leave one`,
      )
    }
    found.set(split, { file, table })
  }
  const strangers = chosen.length - found.size - problems.length
  if (found.size > 0 || isFlat) {
    if (problems[0]) throw problems[0]
    if (strangers > 0 && found.size === 0) {
      throw new InputError(
        `${tree.label(chosen[0]!)} line 1: names none of the pictures in ${tree.root}; ${expectedTable}`,
      )
    }
  }
  if (found.size === 0) {
    if (chosen.length > 0)
      notes.push(
        `${tree.label(chosen[0]!)}: is passed over, since the pictures lie in folders and it names none of them`,
      )
    return undefined
  }
  for (const file of named.filter(isUnasked)) found.set(splitOfTable(file)!, { file, table: undefined })
  return found
}

async function singleTable(
  { tree, folders, isFlat, notes, read }: Search,
  files: readonly string[],
): Promise<Map<string, FoundTable> | undefined> {
  const found: { file: string; table: LabelTable }[] = []
  for (const file of files) {
    if (splitOfTable(file) !== undefined || !mayBeSingle(file)) continue
    const table = await read(file).catch((error: unknown) => {
      if (!(error instanceof InputError) || isFlat) throw error
    })
    if (!table) continue
    if (isFlat || (table.isNamed && isWhole(table, folders))) {
      if (isFlat || !agrees(table)) found.push({ file, table })
    } else if (!agrees(table))
      notes.push(
        `${table.name}: is passed over, since the pictures lie in class folders and it does not name all of them`,
      )
  }
  if (found.length > 1) {
    throw new InputError(
      `${tree.root}: tables ${quoted(found[0]!.file)} and ${quoted(found[1]!.file)} both name its pictures; leave one`,
    )
  }
  return found[0] && new Map([['all', found[0]]])
}

/** Whether a table names every picture. */
function isWhole({ rows }: LabelTable, folders: PictureFolders): boolean {
  const all = [...folders.values()].reduce((sum, pictures) => sum + pictures.size, 0)
  return new Set(rows.flatMap(({ picture }) => picture ?? [])).size === all
}

/** Whether a table says of its pictures what their folders say, or numbers them so. */
function agrees({ rows, hasSplits }: LabelTable): boolean {
  const pairs = new Set(rows.map(({ picture, label }) => JSON.stringify([parentOf(picture ?? ''), label])))
  const labels = new Set(rows.map(({ label }) => label))
  const folders = new Set(rows.map(({ picture }) => parentOf(picture ?? '')))
  const isSame = pairs.size === labels.size && pairs.size === folders.size
  const isCalledSo = rows.every(({ picture, label }) => {
    const folder = parentOf(picture ?? '')
    return folder === label || folder.endsWith(`/${label}`) || /^\d+$/.test(label)
  })
  return !hasSplits && isSame && isCalledSo
}

/** Tables of each folder, the uppermost first. */
function tablesByFolder({ files }: FileTree): string[][] {
  const groups = new Map<string, string[]>()
  for (const file of files.filter(isTable))
    groups.set(parentOf(file), [...(groups.get(parentOf(file)) ?? []), file])
  const depth = (folder: string): number => (folder === '' ? 0 : folder.split('/').length)
  return [...groups].toSorted(([a], [b]) => depth(a) - depth(b) || (a < b ? -1 : 1)).map(([, group]) => group)
}

function splitOfTable(file: string): string | undefined {
  return splitOf(posix.basename(file).replace(/\.\w+$/, ''))
}

/** Texts are mostly something else. */
function mayBeSingle(file: string): boolean {
  return !/\.txt$/i.test(file) || isFiller(posix.basename(file).slice(0, -'.txt'.length))
}

function saysNothing(folder: string): boolean {
  return folder === '' || isFiller(folder) || splitOf(folder) !== undefined
}
