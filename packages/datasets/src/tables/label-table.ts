import { count, InputError } from '@m2l/engine'
import { quoted } from '../layouts/class-names.js'
import { splitOf } from '../layouts/split-names.js'
import { labelColumns, type ColumnsProblem, type LabelColumns } from './label-columns.js'
import { parsedTables, type ParsedTable, type TableRow } from './parse-table.js'
import type { PicturePlaces } from './picture-places.js'

/** A line of a table that says which class a picture is of. */
export interface LabelRow {
  /** The picture as the table names it. */
  readonly name: string
  /** Where it is; nothing where there is none such. */
  readonly picture: string | undefined
  /** In Unicode's composed form (NFC). */
  readonly label: string
  /** `train`, `val` or `test`, where a column tells it. */
  readonly split?: string
  readonly line: number
}

/** A table of pictures and their classes. */
export interface LabelTable {
  readonly name: string
  readonly rows: readonly LabelRow[]
  readonly hasSplits: boolean
  /** Whether its columns are called as such. */
  readonly isNamed: boolean
  readonly notes: readonly string[]
}

/** Whether a file is a table by its name. */
export function isTable(path: string): boolean {
  return /\.(csv|tsv|tab|txt)$/i.test(path)
}

export const expectedTable = 'expected a header "filename,label" and lines such as "images/1.jpg,cat"'

/**
 * Reads a table of pictures and their classes: values divided by comma, semicolon, tab, bar or blanks, with
 * or without a header, columns in any order.
 *
 * @param name what to call the table in a message
 * @returns nothing where it names no pictures, nor has a header that says so
 * @throws InputError naming table and line when it is no UTF-8, cannot be told what is what, or is malformed
 */
export function readLabelTable(
  name: string,
  bytes: Uint8Array,
  places: PicturePlaces,
): LabelTable | undefined {
  const parsed = parsedTables(name, bytes)
  const [best] = parsed
    .map((table) => ({ table, columns: labelColumns(table.rows, places) }))
    .toSorted((a, b) => rank(b) - rank(a))
  if (!best?.columns) {
    const broken = parsed.find(({ problem }) => problem !== undefined)
    if (broken)
      throw new InputError(`${name}: is no table of "filename,label" (${broken.problem}); ${expectedTable}`)
    return undefined
  }
  const { columns, table } = best
  if ('problem' in columns)
    throw new InputError(`${name} line ${columns.line}: ${columns.problem}; ${expectedTable}`)
  const body = columns.header ? table.rows.slice(1) : table.rows
  const rows = body
    .filter((row) => !isComment(row, columns) && !isHeaderAgain(row, columns))
    .map((row) => labelRow(`${name} line ${row.line}`, row, columns, columns.header ?? body[0]!))
  const title = columns.header?.cells[columns.label]
  return {
    name,
    rows,
    hasSplits: columns.split !== undefined,
    isNamed: columns.isNamed,
    notes:
      columns.header && !columns.isNamed
        ? [`${name}: its column ${quoted(title ?? '')} is taken for the class`]
        : [],
  }
}

type Candidate = { table: ParsedTable; columns: LabelColumns | ColumnsProblem | undefined }

function rank({ columns }: Candidate): number {
  return columns ? 1 + columns.hits + ('problem' in columns ? 0 : 0.5) : 0
}

/** A line that begins with `#`, where no picture is called so. */
function isComment({ cells: [first = ''], cells }: TableRow, { file, find }: LabelColumns): boolean {
  return (
    first.startsWith('#') &&
    (file !== 0 ||
      cells.length === 1 ||
      (find(first) === undefined && find(first.slice(1).trim()) !== undefined))
  )
}

/** The header in the middle, where tables were put one after the other. */
function isHeaderAgain({ cells }: TableRow, { header }: LabelColumns): boolean {
  return header !== undefined && cells.join('\n') === header.cells.join('\n')
}

function labelRow(
  where: string,
  { cells, line }: TableRow,
  columns: LabelColumns,
  first: TableRow,
): LabelRow {
  const { file, label: ofLabel, split: ofSplit, find } = columns
  const extra = cells.slice(first.cells.length).find((cell) => cell !== '')
  if (extra !== undefined) {
    throw new InputError(
      `${where}: has ${count(cells.length, 'value')} where line ${first.line} has ${first.cells.length}; put values with a delimiter in them in quotes`,
    )
  }
  const [name = '', label = ''] = [cells[file], cells[ofLabel]?.normalize('NFC')]
  if (name === '' || label === '')
    throw new InputError(`${where}: needs a value under both "filename" and "label"`)
  if (/[\p{Cc}\p{Zl}\p{Zp}\ufffd]/u.test(label)) {
    throw new InputError(
      `${where}: label ${quoted(label)} holds a line break or another character that no name has; write it anew, or close the quotes`,
    )
  }
  const row = { name, label, picture: find(name), line }
  if (ofSplit === undefined) return row
  const split = splitOf(cells[ofSplit] ?? '')
  if (split !== undefined) return { ...row, split }
  throw new InputError(`${where}: ${quoted(cells[ofSplit] ?? '')} is no split; expected train, val or test`)
}

/**
 * Leaves each picture once.
 *
 * @param known rows of other tables by their pictures, to which these are added
 * @throws InputError naming both lines where a picture comes twice
 */
export function requireOnce(table: LabelTable, known: Map<string, { row: LabelRow; table: string }>): void {
  for (const row of table.rows) {
    if (row.picture === undefined) continue
    const before = known.get(row.picture)
    known.set(row.picture, { row, table: table.name })
    if (!before) continue
    const where =
      before.table === table.name ? `line ${before.row.line}` : `${before.table} line ${before.row.line}`
    const what =
      before.row.label === row.label
        ? `is listed twice, in ${where} too; remove one line`
        : `is listed twice: here as ${quoted(row.label)}, in ${where} as ${quoted(before.row.label)}; remove one line`
    throw new InputError(`${table.name} line ${row.line}: picture "${row.name}" ${what}`)
  }
}
