import type { OperationSummary, PhaseSummary, ProfileSummary } from '@m2l/engine'
import { percent, seconds } from './format.js'
import { table } from './table.js'

const operationsShown = 10

/** Where the time of a run went: its phases, and the operations that cost most. */
export function profileTables({
  seconds: total,
  replaySeconds,
  phases,
  beside,
  graphs,
  operations,
  dropped,
}: ProfileSummary): string {
  const phaseRows = [
    ...phases.map(phaseRow),
    ...beside.map(({ name, calls, seconds: spent }) => [
      `${name}, beside the loop`,
      String(calls),
      spent.toFixed(3),
      '',
    ]),
  ]
  const replayed = graphs.map(
    ({ name, secondsACall, secondsAReplay }) =>
      `${name}: ${milliseconds(secondsACall)} ms a call as a graph, ${milliseconds(secondsAReplay)} ms operation by operation`,
  )
  return [
    table(['phase', 'times', 'seconds', 'share (%)'], phaseRows, process.stderr),
    `of ${seconds(total)}; ${seconds(replaySeconds)} of replays for the profile left out`,
    ...(operations.length > 0
      ? [
          table(
            ['operation', 'of', 'in', 'times', 'ms a call', 'share (%)', 'GFLOP/s'],
            operations.slice(0, operationsShown).map(operationRow),
            process.stderr,
          ),
        ]
      : []),
    ...replayed,
    ...(dropped > 0
      ? [
          `the profile was full by then; ${dropped} later spans and operations are neither in the trace nor here`,
        ]
      : []),
  ].join('\n')
}

function phaseRow({ name, calls, seconds: spent, share }: PhaseSummary): string[] {
  return [name, String(calls), spent.toFixed(3), percent(share)]
}

function operationRow(summary: OperationSummary): string[] {
  const { graph, operation, layer = '', pass, count, seconds: spent, share, flops } = summary
  return [
    operation,
    layer,
    pass === undefined ? graph : `${graph}, ${pass}`,
    String(Math.round(count)),
    milliseconds(spent),
    percent(share),
    flops === undefined ? '' : (flops / 1e9 / spent).toFixed(1),
  ]
}

function milliseconds(spent: number): string {
  return (1000 * spent).toFixed(2)
}
