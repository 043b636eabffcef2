import Table from 'cli-table3'
import { coloursFor } from './colours.js'

/** Rows under headings, aligned; numbers to the right. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  stream: NodeJS.WriteStream = process.stdout,
): string {
  const isNumber = headings.map((_, column) => rows.every((row) => /^[\d.± ]*$/.test(row[column] ?? '')))
  const output = new Table({
    head: headings.map((heading) => coloursFor(stream).bold(heading)),
    colAligns: isNumber.map((right) => (right ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  })
  output.push(...rows.map((row) => [...row]))
  return output.toString()
}
