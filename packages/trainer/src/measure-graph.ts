import { graphFunction, tf, type NamedTensors } from '@m2l/engine'
import type { Embedding, Support } from '@m2l/metric'
import type { FewShotModel } from './few-shot-model.js'
import { tensorsAs, tensorsWithin } from './named-tensors.js'

/** Measures an episode; `dispose` frees the graphs. */
export interface MeasureGraph {
  /**
   * @param labels [queries], int32, the way of each query
   * @returns [1 + queries * (1 + levels)]: the loss, then the ways that the fusion predicts for the queries, then those
   *   that each level does
   */
  (support: Support, query: Embedding, labels: tf.Tensor1D): tf.Tensor1D
  dispose(): void
}

/** How a model's levels score embeddings and what follows from it, as a graph; always in float32. */
export function measureGraph({ metric }: FewShotModel): MeasureGraph {
  const graph = graphFunction<NamedTensors, { measured: tf.Tensor1D }, readonly number[]>(
    (tensors, _key, shots) => {
      const unlabelled = tensorsWithin('unlabelled', tensors) as Embedding
      const support = {
        ...(tensorsWithin('support', tensors) as Embedding),
        shots,
        ...(Object.keys(unlabelled).length > 0 && { unlabelled }),
      }
      const scores = metric.scores(support, tensorsWithin('query', tensors) as Embedding, { training: false })
      const levels = metric.levels.map(({ level }) => scores[level.name]!)
      const predicted = [metric.predict(scores), ...levels].map((rows) =>
        tf.cast(tf.argMax(rows, 1), 'float32'),
      )
      const loss = metric.loss(scores, tensors.labels as tf.Tensor1D).reshape([1])
      return { measured: tf.concat([loss, ...predicted]) as tf.Tensor1D }
    },
    { name: 'score', precision: 'f32' },
  )
  const measure = ({ shots, unlabelled, ...support }: Support, query: Embedding, labels: tf.Tensor1D) => {
    const named = {
      ...tensorsAs('support', { ...support }),
      ...tensorsAs('query', { ...query }),
      ...(unlabelled && tensorsAs('unlabelled', { ...unlabelled })),
    }
    return graph({ ...named, labels }, undefined, shots).measured
  }
  return Object.assign(measure, { dispose: graph.dispose })
}
