import { tf } from '@m2l/engine'
import type { Embedding, LevelScores } from '@m2l/metric'
import type { ForwardContext } from '@m2l/nn'
import { FewShotModel, type EpisodeTensors, type ImageTensors } from '@m2l/model'
import { z } from 'zod'

/**
 * The batches of an episode that an encoder sees, in the order of the published program and of
 * `FewShotModel`.
 */
const batches = ['support_parts', 'query_parts', 'support', 'query'] as const

type Batch = (typeof batches)[number]

/** An order in which an encoder sees the batches of an episode; each moves its running statistics. */
export const batchOrder = z
  .array(z.enum(batches))
  .refine(
    (order) => order.length === batches.length && new Set(order).size === batches.length,
    `expected each of ${batches.join(', ')} once`,
  )

/** The same model, its encoder seeing the batches of an episode in this order. */
export function inBatchOrder(order: readonly Batch[], model: FewShotModel): FewShotModel {
  return order.every((batch, index) => batch === batches[index]) ? model : new ReorderedModel(order, model)
}

class ReorderedModel extends FewShotModel {
  readonly #order: readonly Batch[]

  constructor(order: readonly Batch[], { backbone, metric }: FewShotModel) {
    super(backbone, metric)
    this.#order = order
  }

  override scores(episode: EpisodeTensors, context: ForwardContext): LevelScores {
    return tf.tidy(() => {
      const embeddings = Object.fromEntries(
        this.#order.map((batch) => [batch, this.embed(imagesOf(episode, batch), context)]),
      ) as Record<Batch, Embedding>
      return this.metric.scores(
        { ...embeddings.support_parts, ...embeddings.support, shots: episode.shots },
        { ...embeddings.query_parts, ...embeddings.query },
        context,
      )
    })
  }
}

function imagesOf({ support, query }: EpisodeTensors, batch: Batch): ImageTensors {
  const { count, whole, parts } = batch.startsWith('support') ? support : query
  return batch.endsWith('parts') ? { count, parts: parts! } : { count, whole: whole! }
}
