import Table from 'cli-table3'
import { coloursFor } from './colours.js'

/** A column is never narrower, its margins left out. */
const narrowest = 4
/** What a column takes beside its text: margins and a border. */
const beside = 3

/**
 * Rows under headings, aligned; numbers to the right. On a narrow terminal the texts of the widest columns
 * are wrapped.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  stream: NodeJS.WriteStream = process.stdout,
): string {
  const isNumber = headings.map((_, column) => rows.every((row) => /^[\d.± ]*$/.test(row[column] ?? '')))
  const natural = naturalWidths(headings, rows)
  const widths = fitted(natural, stream.isTTY ? stream.columns : Infinity)
  const { bold } = coloursFor(stream)
  const output = new Table({
    head: headings.map((heading, column) => wrapped(heading, widths[column]!).map(bold).join('\n')),
    colAligns: isNumber.map((right) => (right ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  })
  output.push(...rows.map((row) => row.map((cell, column) => wrapped(cell, widths[column]!).join('\n'))))
  return output.toString()
}

/** How wide a table is where nothing is wrapped. */
export function tableWidth({
  headings,
  rows,
}: {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly string[])[]
}): number {
  return naturalWidths(headings, rows).reduce((sum, width) => sum + width + beside, 1)
}

function naturalWidths(headings: readonly string[], rows: readonly (readonly string[])[]): number[] {
  return headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
}

/** Widths of text with which a table is no wider than its terminal, if that can be. */
function fitted(natural: readonly number[], columns: number): number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, width) => sum + width + beside, 1)
  while (total() > columns) {
    const widest = widths.indexOf(Math.max(...widths))
    if (widths[widest]! <= narrowest) break
    widths[widest]!--
  }
  return widths
}

/** A text in lines no longer than a width, broken at spaces; longer words are cut. */
function wrapped(text: string, width: number): string[] {
  if (text.length <= width) return [text]
  const lines: string[] = []
  let rest = text
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width)
    const end = space > 0 ? space : width
    lines.push(rest.slice(0, end))
    rest = rest.slice(end).trimStart()
  }
  return [...lines, rest]
}
