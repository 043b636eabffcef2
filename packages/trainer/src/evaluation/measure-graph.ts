import { graphFunction, tf, type NamedTensors } from '@m2l/engine'
import type { Embedding, Support } from '@m2l/metric'
import type { EvaluatedModel, OnEager } from '@m2l/model'
import { packRow } from './evaluation-row.js'
import { tensorsAs, tensorsWithin } from '../training/named-tensors.js'

/** The embeddings of some episodes of equal layout: in each field the images of the first episode, then of the next. */
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

interface Layout {
  readonly episodes: number
  readonly shots: readonly number[]
  readonly drawnShots?: number | undefined
}

/**
 * How a model's levels score embeddings and what follows from it, as a graph; always in float32.
 *
 * One graph measures several episodes, each by operations of its own, which TensorFlow runs side by side: a level need not
 * know of batches, and an episode's result does not depend on those beside it.
 */
export function measureGraph({ metric }: Pick<EvaluatedModel, 'metric'>, onEager?: OnEager): MeasureGraph {
  const measureOne = (support: Support, query: Embedding, labels: tf.Tensor1D): tf.Tensor1D => {
    const scores = metric.scores(support, query, { training: false })
    const probabilities = metric.probabilities(scores)
    const weights = metric.levels.reduce((sum, { weight }) => sum + weight, 0)
    const fused = metric.predict(scores)
    const names = metric.levels.map(({ level }) => level.name)
    return packRow({
      loss: metric.loss(scores, labels),
      finite: names.map((name) => tf.all(tf.isFinite(scores[name]!))),
      predictions: [
        { scores: fused, probabilities: tf.div(fused, weights) },
        ...names.map((name) => ({ scores: scores[name]!, probabilities: probabilities[name]! })),
      ],
    })
  }
  const graph = graphFunction<NamedTensors, { measured: tf.Tensor2D }, Layout>(
    (tensors, _key, { episodes, ...counts }) => {
      const labels = tensors.labels as tf.Tensor1D
      const [support, query, unlabelled] = ['support', 'query', 'unlabelled'].map((role) =>
        separate(tensorsWithin(role, tensors) as Embedding, episodes),
      )
      const measured = support!.map((ofSupport, index) => {
        const ofUnlabelled = unlabelled![index]!
        return measureOne(
          {
            ...ofSupport,
            ...counts,
            ...(Object.keys(ofUnlabelled).length > 0 && { unlabelled: ofUnlabelled }),
          },
          query![index]!,
          labels,
        )
      })
      return { measured: tf.stack(measured) as tf.Tensor2D }
    },
    { name: 'score', precision: 'f32', onEager },
  )
  const measure = ({ episodes, support, query }: EpisodeEmbeddings, labels: tf.Tensor1D) => {
    const { shots, drawnShots, unlabelled, ...labelled } = support
    const named = {
      ...tensorsAs('support', { ...labelled }),
      ...tensorsAs('query', { ...query }),
      ...(unlabelled && tensorsAs('unlabelled', { ...unlabelled })),
    }
    return graph({ ...named, labels }, undefined, { episodes, shots, drawnShots }).measured
  }
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
