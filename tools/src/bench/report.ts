import Table from 'cli-table3'
import type { Row } from './row.js'
import { works } from './work.js'

/** One line of JSON. */
export function reportJson(rows: readonly Row[]): string {
  return JSON.stringify({ rows })
}

/** A line a row; ONNX Runtime has columns where it was measured. */
export function reportTable(rows: readonly Row[]): string {
  const withOnnx = rows.some(({ onnxRuntime }) => onnxRuntime !== undefined)
  const columns: readonly (keyof Row)[] = [
    'ours',
    'peer',
    'ratio',
    ...(withOnnx ? (['onnxRuntime', 'onnxRuntimeRatio'] as const) : []),
    'oursPeakMib',
    'peerPeakMib',
  ]
  const table = new Table({
    head: ['work', 'precision', 'unit', ...columns.map((column) => headings[column]!)],
    style: { head: [], border: [] },
  })
  for (const row of rows) {
    table.push([
      row.work,
      row.precision,
      works[row.work].unit,
      ...columns.map((column) => row[column] ?? '-'),
    ])
  }
  return table.toString()
}

const headings: Readonly<Partial<Record<keyof Row, string>>> = {
  ours: 'ours',
  peer: 'peer',
  ratio: 'ratio',
  onnxRuntime: 'ONNX Runtime',
  onnxRuntimeRatio: 'ratio',
  oursPeakMib: 'our peak MiB',
  peerPeakMib: "peer's peak MiB",
}
