import type { ResultTable } from './tables.js'

/** A table in Markdown, its columns aligned as prettier does. */
export function markdownTable({ columns, rows }: Pick<ResultTable, 'columns' | 'rows'>): string {
  const headings = columns.map((column) => (typeof column === 'string' ? column : column.name))
  const widths = headings.map((heading, column) =>
    Math.max(3, heading.length, ...rows.map((row) => row[column]!.length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** Where a generated text stands in a file that is written by hand. */
export const markers = { start: '<!-- results: start -->', end: '<!-- results: end -->' } as const

/**
 * The text between the markers.
 *
 * @returns nothing where they are missing
 */
export function betweenMarkers(text: string): string | undefined {
  const [start, end] = [text.indexOf(markers.start), text.indexOf(markers.end)]
  return start < 0 || end < start ? undefined : text.slice(start + markers.start.length, end).trim()
}

/** The same file with another text between its markers. */
export function withBetweenMarkers(text: string, between: string): string {
  const [start, end] = [text.indexOf(markers.start), text.indexOf(markers.end)]
  return `${text.slice(0, start + markers.start.length)}\n\n${between}\n\n${text.slice(end)}`
}
