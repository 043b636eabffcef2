import type { Evaluation } from './evaluate.js'
import { interval95 } from '../statistics/interval.js'

/**
 * What an evaluation is of its episodes from position `start` up to, not including, `end`, which are at least
 * one.
 */
export function sliceEvaluation(evaluation: Evaluation, start: number, end?: number): Evaluation {
  const { perEpisode, predictions, confidences } = evaluation
  const slice = <Rows extends { slice(start: number, end?: number): Rows }>(columns: Columns<Rows>) => ({
    fused: columns.fused.slice(start, end),
    levels: mapValues(columns.levels, (rows) => rows.slice(start, end)),
  })
  const losses = evaluation.losses.slice(start, end)
  const accuracies = slice(perEpisode)
  return {
    ...evaluation,
    episodes: losses.length,
    fused: interval95(accuracies.fused),
    levels: mapValues(accuracies.levels, interval95),
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    losses,
    perEpisode: accuracies,
    predictions: slice(predictions),
    confidences: slice(confidences),
  }
}

interface Columns<Rows> {
  readonly fused: Rows
  readonly levels: Readonly<Record<string, Rows>>
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
}
