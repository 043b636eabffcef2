import Table from 'cli-table3'
import { coloursFor } from './colours.js'

/** Rows under headings, aligned; numbers to the right. On a narrow terminal the widest columns are wrapped. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  stream: NodeJS.WriteStream = process.stdout,
): string {
  const isNumber = headings.map((_, column) => rows.every((row) => /^[\d.± ]*$/.test(row[column] ?? '')))
  const drawn = (colWidths: number[] = []) => {
    const output = new Table({
      head: headings.map((heading) => coloursFor(stream).bold(heading)),
      colAligns: isNumber.map((right) => (right ? 'right' : 'left')),
      style: { head: [], border: [], compact: true },
      ...(colWidths.length > 0 && { colWidths, wordWrap: true, wrapOnWordBoundary: false }),
    })
    output.push(...rows.map((row) => [...row]))
    return output.toString()
  }
  const natural = drawn()
  const widths = natural
    .slice(1, natural.indexOf('┐'))
    .split('┬')
    .map(({ length }) => length)
  const narrowed = fitted(widths, stream.isTTY ? stream.columns : Infinity)
  return narrowed.some((width, column) => width < widths[column]!) ? drawn(narrowed) : natural
}

/** A column is never narrower, its margins included. */
const narrowest = 8

/** Widths that add up to a terminal's, with a border around each, if they can. */
function fitted(widths: readonly number[], columns: number): number[] {
  const narrowed = [...widths]
  const total = () => narrowed.reduce((sum, width) => sum + width + 1, 1)
  while (total() > columns) {
    const widest = narrowed.indexOf(Math.max(...narrowed))
    if (narrowed[widest]! <= narrowest) break
    narrowed[widest]!--
  }
  return narrowed
}
