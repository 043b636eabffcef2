import { requireFinite, tf } from '@m2l/engine'
import type { LevelFusion, LevelScores, Support } from '@m2l/metric'
import { disposeEmbedding, embeddingOf, type EmbeddedImages } from './embedding/embedded-images.js'

/**
 * Scores of queries and classes as plain numbers: of each level under its name, [queries, ways] row by row.
 */
export interface Scores {
  readonly queries: number
  readonly ways: number
  readonly levels: Readonly<Record<string, Float32Array>>
}

/** Probabilities that follow from scores, likewise; rows sum to 1. */
export interface Probabilities extends Scores {
  /** Of all levels together. */
  readonly fused: Float32Array
}

/**
 * How each level scores queries against supports.
 *
 * @throws {InputError} when a level is not ready, or its scores are not finite
 */
export async function scoreQueries(
  metric: LevelFusion,
  support: Support,
  query: EmbeddedImages,
): Promise<Scores> {
  metric.requireReady()
  const embedding = embeddingOf(query)
  const scores = tf.tidy(() => metric.scores(support, embedding, { training: false }))
  disposeEmbedding(embedding)
  const queries = (query.map ?? query.parts)!.shape[0]!
  return { queries, ways: support.shots.length, levels: await readScores(scores) }
}

/** What the levels make of scores, alone and together. */
export async function probabilitiesOf(
  metric: LevelFusion,
  { queries, ways, levels }: Scores,
): Promise<Probabilities> {
  const [fused, ofLevels] = tf.tidy((): [tf.Tensor2D, LevelScores] => {
    const scores: LevelScores = Object.fromEntries(
      Object.entries(levels).map(([name, values]) => [name, tf.tensor2d(values, [queries, ways])]),
    )
    return [metric.fusedProbabilities(scores), metric.probabilities(scores)]
  })
  const together = (await fused.data()) as Float32Array
  fused.dispose()
  return { queries, ways, levels: await readBack(ofLevels), fused: together }
}

/** The position of the highest value; of equal ones the first. */
export function highest(values: readonly number[]): number {
  let best = 0
  for (const [index, value] of values.entries()) if (value > values[best]!) best = index
  return best
}

/**
 * The numbers of scores, whose tensors are freed.
 *
 * @throws {InputError} when those of a level are not finite
 */
export async function readScores(scores: LevelScores): Promise<Readonly<Record<string, Float32Array>>> {
  const levels = await readBack(scores)
  for (const [name, values] of Object.entries(levels)) requireFinite(values, `the scores of level ${name}`)
  return levels
}

async function readBack(tensors: LevelScores): Promise<Readonly<Record<string, Float32Array>>> {
  const entries = Object.entries(tensors)
  const values = await Promise.all(entries.map(async ([, tensor]) => (await tensor.data()) as Float32Array))
  tf.dispose(entries.map(([, tensor]) => tensor))
  return Object.fromEntries(entries.map(([name], index) => [name, values[index]!]))
}
