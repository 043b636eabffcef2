import { graphFunction, tf } from '@m2l/engine'
import type { Embedding, Support } from '@m2l/metric'
import type { EvaluatedModel, OnEager } from '@m2l/model'
import { packRow } from './evaluation-row.js'

/**
 * The embeddings of some episodes of equal layout: in each field the images of the first episode, then of the
 * next.
 */
export interface EpisodeEmbeddings {
  readonly episodes: number
  /** Its `shots` are those of one episode. */
  readonly support: Support
  readonly query: Embedding
}

/** Measures episodes of equal layout; `dispose` frees the graphs. */
export interface MeasureGraph {
  /**
   * @param labels [queries], int32, the way of each query, in every episode
   * @returns [episodes, numbers], a row for each episode, see {@link packRow}
   */
  (embeddings: EpisodeEmbeddings, labels: tf.Tensor1D): tf.Tensor2D
  dispose(): void
}

/**
 * How a model's levels score embeddings and what follows from it, as a graph; always in float32.
 *
 * One graph measures several episodes, each by operations of its own, which TensorFlow runs side by side: a
 * level need not know of batches, and an episode's result does not depend on those beside it.
 */
export function measureGraph({ metric }: Pick<EvaluatedModel, 'metric'>, onEager?: OnEager): MeasureGraph {
  const measureOne = (support: Support, query: Embedding, labels: tf.Tensor1D): tf.Tensor1D => {
    const scores = metric.scores(support, query, { training: false })
    const probabilities = metric.probabilities(scores)
    const names = metric.levels.map(({ level }) => level.name)
    return packRow({
      loss: metric.loss(scores, labels),
      finite: names.map((name) => tf.all(tf.isFinite(scores[name]!))),
      predictions: [
        { scores: metric.predict(scores), probabilities: metric.fusedProbabilities(scores) },
        ...names.map((name) => ({ scores: scores[name]!, probabilities: probabilities[name]! })),
      ],
    })
  }
  const graph = graphFunction<EpisodeEmbeddings & { labels: tf.Tensor1D }, { measured: tf.Tensor2D }>(
    ({ episodes, support: { map, parts, unlabelled, ...counts }, query, labels }) => {
      const supports = separate({ map, parts }, episodes)
      const queries = separate(query, episodes)
      const hasUnlabelled = Object.keys(unlabelled ?? {}).length > 0
      const ofUnlabelled = hasUnlabelled ? separate(unlabelled!, episodes) : []
      const measured = supports.map((support, index) =>
        measureOne({ ...support, ...counts, unlabelled: ofUnlabelled[index] }, queries[index]!, labels),
      )
      return { measured: tf.stack(measured) as tf.Tensor2D }
    },
    { name: 'score', precision: 'f32', onEager },
  )
  const measure = (embeddings: EpisodeEmbeddings, labels: tf.Tensor1D) =>
    graph({ ...embeddings, labels }).measured
  return Object.assign(measure, { dispose: graph.dispose })
}

/** The embedding of each of some episodes of equally many images. */
function separate({ map, parts }: Embedding, episodes: number): Embedding[] {
  const maps = map && (tf.split(map, episodes) as tf.Tensor4D[])
  const ofParts = parts && (tf.split(parts, episodes) as tf.Tensor3D[])
  return Array.from({ length: episodes }, (_, index) => ({
    ...(maps && { map: maps[index]! }),
    ...(ofParts && { parts: ofParts[index]! }),
  }))
}
