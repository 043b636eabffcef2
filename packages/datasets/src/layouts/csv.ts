import { InputError } from '@m2l/engine'
import { CsvError, parse } from 'csv-parse/sync'
import { isImageFile } from '../image-file.js'
import { type FileTree, parentOf } from '../sources/file-tree.js'
import { type ClassImages, type LayoutIndex, type LayoutInput, pictureFiles } from './layout.js'
import { ownSplits } from './split-names.js'

/** Whether a tree has the layout of {@link readCsv}. */
export async function detectCsv(tree: FileTree): Promise<boolean> {
  const [file] = splitTables(tree).values()
  if (file === undefined || !tree.files.some(isImageFile)) return false
  const start = (await tree.read(file)).toString('utf8', 0, 64)
  return /^\ufeff?"?filename"?\s*,\s*"?label"?\s*$/m.test(start.split(/\r?\n/, 1)[0]!)
}

/**
 * The layout of miniImageNet: `train.csv`, `val.csv`, `test.csv` (or some of them) with columns `filename,label`, and
 * the pictures in `images/` or beside the tables.
 *
 * @throws InputError naming table and line when it is malformed, or names a picture twice or one that is not there.
 */
export async function readCsv(input: LayoutInput): Promise<LayoutIndex> {
  const { tree, only } = input
  const tables = splitTables(tree)
  if (tables.size === 0) throw new InputError(`${tree.root}: holds no train.csv, val.csv or test.csv`)
  const top = parentOf([...tables.values()][0]!)
  const within = (path: string): string => (top === '' ? path : `${top}/${path}`)
  const files = new Set(tree.files)
  const seen = new Set<string>()
  const groups = new Map<string, ClassImages>()
  for (const [split, table] of tables) {
    if (only && !only.includes(split)) continue
    const classes: ClassImages = new Map()
    for (const { filename, label, line } of labelRows(tree.label(table), await tree.read(table))) {
      const where = `${tree.label(table)} line ${line}`
      const name = filename.normalize('NFC')
      const id = [`images/${name}`, name].find((path) => files.has(within(path)))
      if (id === undefined) {
        throw new InputError(
          `${where}: picture "${filename}" is not in ${tree.root}; add it or remove the line`,
        )
      }
      if (seen.has(id))
        throw new InputError(`${where}: picture "${filename}" is listed twice; remove one line`)
      seen.add(id)
      const images = classes.get(label.normalize('NFC'))
      if (images) images.push(id)
      else classes.set(label.normalize('NFC'), [id])
    }
    groups.set(split, classes)
  }
  return { groups, rotated: false, isPartial: groups.size < tables.size, ...pictureFiles(input, within) }
}

/** The tables of the uppermost folder that has any, by split. */
function splitTables(tree: FileTree): Map<string, string> {
  const names = new Set(ownSplits.map((split) => `${split}.csv`))
  const found = tree.files.filter((file) => names.has(file.slice(file.lastIndexOf('/') + 1)))
  const top = found
    .map(parentOf)
    .toSorted((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1))[0]
  const tables = new Map<string, string>()
  for (const split of ownSplits) {
    const table = found.find((file) => parentOf(file) === top && file.endsWith(`${split}.csv`))
    if (table !== undefined) tables.set(split, table)
  }
  return tables
}

/** A line of a table that says which class a picture is of. */
export interface LabelRow {
  readonly filename: string
  readonly label: string
  readonly line: number
}

/**
 * The lines of a table of `filename,label`.
 *
 * @param name what to call the table in a message
 * @throws InputError naming table and line when it is malformed.
 */
export function labelRows(name: string, bytes: Buffer): LabelRow[] {
  try {
    const options = { columns: true, bom: true, trim: true, skip_empty_lines: true, info: true } as const
    const parsed = parse(bytes, options) as unknown as {
      record: Record<string, string>
      info: { lines: number }
    }[]
    return parsed.map(({ record: { filename, label }, info: { lines } }) => {
      if (!filename || !label) {
        throw new InputError(`${name} line ${lines}: needs a value under both "filename" and "label"`)
      }
      return { filename, label, line: lines }
    })
  } catch (error) {
    if (error instanceof CsvError)
      throw new InputError(`${name}: is no table of "filename,label" (${error.message})`)
    throw error
  }
}
