import Table from 'cli-table3'
import type { Row } from './row.js'
import { works } from './work.js'

/** One line of JSON. */
export function reportJson(rows: readonly Row[]): string {
  return JSON.stringify({ rows })
}

/** A line a row. */
export function reportTable(rows: readonly Row[]): string {
  const table = new Table({
    head: ['work', 'precision', 'unit', 'ours', 'peer', 'ratio', 'our peak MiB', "peer's peak MiB"],
    style: { head: [], border: [] },
  })
  for (const { work, precision, ours, peer, ratio, oursPeakMib, peerPeakMib } of rows) {
    const values = [ours, peer, ratio, oursPeakMib, peerPeakMib].map((value) => value ?? '-')
    table.push([work, precision, works[work].unit, ...values])
  }
  return table.toString()
}
