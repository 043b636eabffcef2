import { isImageFile } from '../image-file.js'
import { splitOf } from '../layouts/split-names.js'
import type { TableRow } from './parse-table.js'
import { type FindPicture, findPicturesOf, type PicturePlaces } from './picture-places.js'

/** What the columns of a table are. */
export interface LabelColumns {
  readonly file: number
  readonly label: number
  readonly split?: number
  /** The first row where it is a header. */
  readonly header?: TableRow
  readonly find: FindPicture
  /** How many pictures its rows lead to, of some of them in a large table. */
  readonly hits: number
  /** Whether the label's column is called as one. */
  readonly isNamed: boolean
}

/** Why a table of pictures cannot be read; `hits` as in {@link LabelColumns}. */
export interface ColumnsProblem {
  readonly problem: string
  readonly line: number
  readonly hits: number
}

const names = (list: string): readonly string[] => list.split(' ')

const fileNames = names(
  'filename file filenames files filepath path imagepath image images imagename imagefile imagefilename img imgname imgpath picture photo imageid imgid relativepath fname',
)
const labelNames = names(
  'label labels class classes classname classlabel labelname category categories categoryname species target wnid synset breed tag y classid labelid categoryid',
)
const splitNames = names('split set subset partition phase usage fold datasplit splitname')

const titles = new Set([...fileNames, ...labelNames, ...splitNames])

/** Enough to tell columns apart. */
const mostSampled = 2000

/**
 * Finds which column of a table has the pictures, by which names exist, and which their classes, by what it
 * is called or as the only other one.
 *
 * @returns nothing where no column names pictures, nor is called as if it did
 */
export function labelColumns(
  rows: readonly TableRow[],
  places: PicturePlaces,
): LabelColumns | ColumnsProblem | undefined {
  const [first, ...others] = rows
  if (!first) return undefined
  const width = Math.max(...sampled(rows).map(({ cells }) => cells.length))
  const columns = Array.from({ length: width }, (_, column) => columnOf(column, rows, places))
  const header = isHeader(first, others, columns) ? first : undefined
  const headings = header?.cells.map(titleOf) ?? []
  const body = header ? others : rows
  const file = fileColumn(columns, headings)
  if (file === undefined) return undefined
  if (typeof file === 'string') return { problem: file, line: first.line, hits: 1 }
  const { find, hits } = columns[file]!
  const valuesOf = (column: number): string[] => sampled(body).map(({ cells }) => cells[column] ?? '')
  const isSplit = (column: number): boolean => valuesOf(column).every((value) => splitOf(value) !== undefined)
  const split = splitColumn()
  const label = labelColumn()
  const base = { file, hits, find, ...(header && { header }), ...(split !== undefined && { split }) }
  return typeof label === 'number'
    ? { ...base, label, isNamed: labelNames.includes(headings[label] ?? '') }
    : { problem: label, line: first.line, hits }

  function splitColumn(): number | undefined {
    const named = headings.findIndex((title, column) => column !== file && splitNames.includes(title))
    if (named >= 0) return named
    const like = columns.findIndex(
      (_, column) => column !== file && !labelNames.includes(headings[column] ?? '') && isSplit(column),
    )
    return like >= 0 && columns.length > 2 ? like : undefined
  }

  function labelColumn(): number | string {
    const exact = headings.flatMap((title, column) => (title === 'label' && column !== file ? [column] : []))
    if (exact.length > 1) return oneOfSame(exact) ?? ambiguous(exact)
    if (exact.length === 1) return exact[0]!
    const candidates = columns
      .map((_, column) => column)
      .filter((column) => column !== file && column !== split)
    const named = candidates.filter((column) => labelNames.includes(headings[column] ?? ''))
    if (named.length === 1) return named[0]!
    if (named.length > 1) return oneOfSame(named) ?? ambiguous(named)
    const left = candidates.filter(
      (column) =>
        !isIndex(column) && columns[column]!.hits < hits && valuesOf(column).some((value) => value !== ''),
    )
    if (left.length === 1) return left[0]!
    if (left.length === 0) return 'has a column of pictures, but none of their classes'
    return ambiguous(left)
  }

  /** Columns that say the same in other words: the one in words. */
  function oneOfSame(candidates: readonly number[]): number | undefined {
    const texts = candidates.map((column) => valuesOf(column))
    const distinct = texts.map((values) => new Set(values).size)
    const together = new Set(texts[0]!.map((_, row) => JSON.stringify(texts.map((values) => values[row]))))
      .size
    if (!distinct.every((count) => count === together)) return undefined
    return candidates.find((_, index) => texts[index]!.some((value) => !isNumber(value))) ?? candidates[0]
  }

  function ambiguous(candidates: readonly number[]): string {
    const list = candidates.map((column) =>
      JSON.stringify(header?.cells[column] ?? body[0]?.cells[column] ?? ''),
    )
    return `has several columns that may be the class (${list.join(', ')})`
  }

  function isIndex(column: number): boolean {
    const values = valuesOf(column)
    return (
      (headings[column] ?? '') === '' &&
      values.every(
        (value, row) => /^\d+$/.test(value) && (row === 0 || Number(value) > Number(values[row - 1])),
      )
    )
  }
}

interface Column {
  readonly find: FindPicture
  /** Distinct pictures that its cells lead to. */
  readonly hits: number
  readonly namesFiles: boolean
}

function columnOf(column: number, rows: readonly TableRow[], places: PicturePlaces): Column {
  const values = sampled(rows.slice(1)).flatMap(({ cells }) => cells[column] || [])
  const all = [...(rows[0]!.cells[column] ? [rows[0]!.cells[column]] : []), ...values]
  const known = findPicturesOf(values.length > 0 ? values : all, places)
  const found = new Set(all.map(known).filter((one) => one !== undefined))
  return { find: known, hits: found.size, namesFiles: values.filter(isImageFile).length * 2 > values.length }
}

/**
 * A first row is a header where it leads to no picture and is called as columns are, or unlike all rows after
 * it.
 */
function isHeader(first: TableRow, others: readonly TableRow[], columns: readonly Column[]): boolean {
  if (
    first.cells.some(
      (cell, column) => cell !== '' && (isImageFile(cell) || columns[column]?.find(cell) !== undefined),
    )
  )
    return false
  if (first.cells.some((cell) => titles.has(titleOf(cell)))) return true
  if (!columns.some(({ hits }) => hits > 0)) return false
  return !first.cells.some(
    (cell, column) => cell !== '' && others.some(({ cells }) => cells[column] === cell),
  )
}

function fileColumn(columns: readonly Column[], headings: readonly string[]): number | string | undefined {
  const most = Math.max(...columns.map(({ hits }) => hits))
  const named = fileNames.map((name) => headings.indexOf(name)).filter((column) => column >= 0)
  if (most === 0) return named[0]
  const best = columns.flatMap(({ hits }, column) => (hits === most ? [column] : []))
  if (best.length === 1) return best[0]
  const called = named.find((column) => best.includes(column))
  if (called !== undefined) return called
  const files = best.filter((column) => columns[column]!.namesFiles)
  if (files.length === 1) return files[0]
  const plain = best.filter((column) => !labelNames.includes(headings[column] ?? ''))
  return plain.length === 1 ? plain[0] : 'has several columns that name pictures'
}

function sampled(rows: readonly TableRow[]): readonly TableRow[] {
  if (rows.length <= mostSampled) return rows
  const step = rows.length / mostSampled
  return Array.from({ length: mostSampled }, (_, index) => rows[Math.floor(index * step)]!)
}

/** `filename` for `File Name`, `file_name` and `# filename`. */
function titleOf(cell: string): string {
  return cell.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

function isNumber(text: string): boolean {
  return text !== '' && !Number.isNaN(Number(text))
}
