import { decodeText } from '@m2l/engine'
import { CsvError, parse } from 'csv-parse/sync'

/** A line of a table, or several where a quoted value holds line breaks. */
export interface TableRow {
  /** Without blanks around them. */
  readonly cells: readonly string[]
  /** The last line of it, counted from 1. */
  readonly line: number
}

/** A table as one delimiter divides it. */
export interface ParsedTable {
  readonly rows: readonly TableRow[]
  /** Why it cannot be divided so. */
  readonly problem?: string
}

/**
 * A table as each delimiter divides it that its first lines hold: comma, semicolon, tab, bar, or else blanks.
 * Empty rows are left out, and what begins with `sep=`.
 *
 * @throws InputError naming table and line where it is no UTF-8 (or UTF-16 with its mark)
 */
export function parsedTables(name: string, bytes: Uint8Array): ParsedTable[] {
  const text = decodeText(bytes, name)
  const [, declared] = /^sep=(.)[ \t]*(?=\r|\n|$)/i.exec(text) ?? []
  const found =
    declared === undefined
      ? [',', ';', '\t', '|'].filter((one) => text.lastIndexOf(one, headLength) >= 0)
      : [declared]
  const tables = found.map((delimiter) => divided(text, delimiter))
  const isDivided = tables.some(({ rows }) => rows.some(({ cells }) => cells.length > 1))
  return isDivided ? tables : [...tables, dividedByBlanks(text)]
}

/** Enough for the header and the first rows. */
const headLength = 1 << 14

const lineEnds = ['\r\n', '\n', '\r']

function divided(text: string, delimiter: string): ParsedTable {
  try {
    const parsed = parse(text, {
      delimiter,
      record_delimiter: lineEnds,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: delimiter !== '\t',
      info: true,
    }) as unknown as { record: string[]; info: { lines: number } }[]
    return {
      rows: withoutEmpty(parsed.map(({ record, info }) => ({ cells: record, line: info.lines }))),
    }
  } catch (error) {
    if (error instanceof CsvError) return { rows: [], problem: error.message }
    throw error
  }
}

/** `images/a b.jpg 3`: the last word is the label. */
function dividedByBlanks(text: string): ParsedTable {
  const rows = text.split(/\r\n|\n|\r/).map((line, index) => {
    const [, name, label] = /^(.*\S)\s+(\S+)\s*$/.exec(line) ?? []
    return { cells: name === undefined || label === undefined ? [line] : [name, label], line: index + 1 }
  })
  return { rows: withoutEmpty(rows) }
}

/**
 * Leaves out empty rows, what declares the delimiter, and lines of comment before the first row of several
 * values.
 */
function withoutEmpty(rows: readonly TableRow[]): TableRow[] {
  const filled = rows
    .map(({ cells, line }) => ({ cells: cells.map((cell) => cell.trim()), line }))
    .filter(
      ({ cells }, index) => cells.some((cell) => cell !== '') && !(index === 0 && /^sep=/i.test(cells[0]!)),
    )
  const first = filled.findIndex(({ cells }) => cells.length > 1)
  return filled.filter(({ cells }, index) => index >= first || !cells[0]!.startsWith('#'))
}
