import { posix } from 'node:path'
import { InputError } from '@m2l/engine'
import { type FileTree, parentOf } from '../sources/file-tree.js'
import { findTables, type FoundTables } from '../tables/find-tables.js'
import { type LabelRow, type LabelTable, requireOnce } from '../tables/label-table.js'
import { isImageFile } from '../image-file.js'
import { quoted } from './class-names.js'
import { type ClassImages, type LayoutIndex, type LayoutInput, pictureFiles } from './layout.js'

/**
 * Tables that name pictures and their classes: `train.csv`, `val.csv`, `test.csv` as miniImageNet has them,
 * or one for all.
 *
 * @throws InputError naming table and line when it is malformed, or names a picture twice or one that is not
 *   there.
 */
export async function readCsv(input: LayoutInput): Promise<LayoutIndex> {
  const { tree, only } = input
  const found = await findTables(tree, { only, isAsked: true })
  if (found.tables.size > 0) return tableIndex(input, found)
  throw new InputError(
    `${tree.root}: holds no train.csv, val.csv or test.csv, nor another table of its pictures`,
  )
}

/** The classes that tables say; ids are paths below the folder that holds tables and pictures. */
export function tableIndex(input: LayoutInput, { tables, notes }: FoundTables): LayoutIndex {
  const { tree } = input
  const placed = new Map<string, Map<string, string[]>>()
  const seen = new Map<string, { row: LabelRow; table: string }>()
  for (const [split, { table }] of tables) {
    if (!table) {
      placed.set(split, new Map())
      continue
    }
    requireThere(table, tree)
    requireOnce(table, seen)
    for (const row of table.rows) place(placed, splitOfRow(row, split, table), row)
  }
  const read = [...tables.values()].flatMap(({ table }) => table ?? [])
  const isPartial = read.length < tables.size
  const top = commonFolder([
    ...[...tables.values()].map(({ file }) => parentOf(file)),
    ...[...seen.keys()].map(parentOf),
  ])
  const idOf = (file: string): string => (top === '' ? file : file.slice(top.length + 1))
  const within = (id: string): string => (top === '' ? id : `${top}/${id}`)
  const groups = new Map<string, ClassImages>()
  for (const [split, classes] of placed)
    groups.set(split, new Map([...classes].map(([label, files]) => [label, files.map(idOf)])))
  return {
    groups,
    rotated: false,
    isPartial,
    seen: [...tables.values()].map(({ file }) => file),
    notes: [...notes, ...read.flatMap((table) => table.notes), ...(isPartial ? [] : unnamed(input, seen))],
    ...pictureFiles(input, within),
  }
}

function splitOfRow({ split, line, name }: LabelRow, ofTable: string, table: LabelTable): string {
  if (ofTable === 'all' || split === undefined || split === ofTable) return split ?? ofTable
  throw new InputError(
    `${table.name} line ${line}: picture "${name}" is of ${split} in a table of ${ofTable}; take the line out, or rename the table`,
  )
}

function place(
  placed: Map<string, Map<string, string[]>>,
  split: string,
  { label, picture }: LabelRow,
): void {
  const classes = placed.get(split) ?? new Map<string, string[]>()
  placed.set(split, classes)
  const files = classes.get(label)
  if (files) files.push(picture!)
  else classes.set(label, [picture!])
}

/** @throws InputError when a table names pictures that are not there, or none */
function requireThere({ name, rows }: LabelTable, { root, files }: FileTree): void {
  if (rows.length === 0) throw new InputError(`${name}: lists no pictures; expected lines of filename,label`)
  const missing = rows.filter(({ picture }) => picture === undefined)
  const [first] = missing
  if (!first) return
  const others = missing.length > 1 ? ` and ${missing.length - 1} more of ${rows.length}` : ''
  const stem = stemOf(first.name.replaceAll('\\', '/'))
  const near = files.find((file) => isImageFile(file) && stemOf(file) === stem)
  const hint = near === undefined ? '' : ` (${quoted(near)} is)`
  throw new InputError(
    `${name} line ${first.line}: picture "${first.name}"${others} ${missing.length > 1 ? 'are' : 'is'} not in ${root}${hint}; add ${missing.length > 1 ? 'them or remove the lines' : 'it or remove the line'}`,
  )
}

function stemOf(path: string): string {
  return posix
    .basename(path)
    .replace(/\.[^.]*$/, '')
    .toLowerCase()
}

function unnamed({ tree }: LayoutInput, seen: ReadonlyMap<string, unknown>): string[] {
  const files = tree.files.filter((file) => isImageFile(file) && !seen.has(file))
  if (files.length === 0) return []
  return [
    `${tree.root}: passed over ${files.length} ${files.length === 1 ? 'picture' : 'pictures'} that no table names, such as ${quoted(files[0]!)}`,
  ]
}

function commonFolder(folders: readonly string[]): string {
  let common = folders[0]!.split('/')
  for (const folder of new Set(folders)) {
    const parts = folder.split('/')
    const differs = common.findIndex((part, index) => parts[index] !== part)
    if (differs >= 0) common = common.slice(0, differs)
  }
  return common.join('/')
}
