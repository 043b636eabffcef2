import { createHash } from 'node:crypto'
import { writeFileAtomically } from '@m2l/engine-native'
import type { Evaluation } from '@m2l/trainer'

/** What the first line of a predictions file says. */
export interface PredictionsHeader {
  readonly recipe: string
  readonly checkpoint: string
  readonly dataset: string
  readonly split: string
  readonly splitHash: string
  /** Names of the split's classes, which episodes name by their index. */
  readonly classNames: readonly string[]
  /** `manifestHash` of the episodes. */
  readonly manifestHash: string
  readonly ways: number
  readonly shots: number | readonly number[]
  readonly queries: number
  readonly episodes: number
  /** Over some of the split's pictures. */
  readonly picturesHash: string
  /** What a person should know before believing the accuracies, a line each. */
  readonly notes: readonly string[]
  /** As in the evaluation's report, in fractions of 1. */
  readonly accuracy: Readonly<Record<string, number>>
  readonly interval95: Readonly<Record<string, number>>
  readonly rounds: readonly { readonly accuracy: number; readonly interval95: number }[]
}

/**
 * Writes what was predicted, as JSON lines: a header with the accuracy of each round and of all, then a line
 * for each episode with the way that the fused prediction and each level gave to each query. Queries are in
 * the order of their classes in the manifest, so that the right way of query `i` is `floor(i / queries)`. The
 * header's `sha256` is that of the header without it and the lines, see {@link predictionsHash}.
 */
export async function writePredictions(
  file: string,
  header: PredictionsHeader,
  { predictions: { fused, levels } }: Evaluation,
): Promise<void> {
  const lines = fused.map((ofEpisode, episode) => {
    const named = Object.entries(levels).map(([name, rows]) => [name, rows[episode]!])
    return JSON.stringify({ fused: ofEpisode, ...Object.fromEntries(named) })
  })
  const described = { format: 'm2l-predictions', version: 1, ...header }
  const first = JSON.stringify({ ...described, sha256: predictionsHash(described, lines) })
  await writeFileAtomically(file, [first, ...lines, ''].join('\n'))
}

/** The SHA-256 of predictions, in hexadecimal. */
export function predictionsHash(header: object, lines: readonly string[]): string {
  return createHash('sha256')
    .update([JSON.stringify(header), ...lines].join('\n'))
    .digest('hex')
}
