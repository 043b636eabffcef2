import { graphFunction, tf, type GraphFunctionOptions } from '@m2l/engine'
import { nameParameters } from '@m2l/nn'
import type { Embedding } from '@m2l/metric'
import type { FewShotModel } from '../model/few-shot-model.js'
import type { ImageTensors } from '../images/image-tensors.js'

/** Receives the reason where something cannot run as a graph and goes on operation by operation. */
export type OnEager = GraphFunctionOptions['onEager']

/** Embeds images as evaluation does; `dispose` frees the graphs. */
export interface EmbeddingGraph {
  (images: ImageTensors): Embedding
  dispose(): void
}

/**
 * A model's embedding in evaluation, where batch norms use their running statistics, as a graph: one for
 * every number of images, with the weights that the model has at the first call.
 *
 * @param onEager see `GraphFunctionOptions` of `@m2l/engine`
 */
export function embeddingGraph(model: FewShotModel, onEager?: OnEager): EmbeddingGraph {
  nameParameters(model.state)
  const graph = graphFunction<Views, Embedding>(
    ({ whole, parts }) => {
      const [count] = (whole ?? parts)!.shape
      return model.embed({ count, whole, parts: parts && partByPart(parts) }, { training: false })
    },
    { name: 'embed', onEager, frozen: true, anyBatch: true },
  )
  const embed = ({ count, whole, parts }: ImageTensors): Embedding =>
    tf.tidy(() => ({ ...graph({ whole, parts: parts && imageByImage(parts, count) }) }))
  return Object.assign(embed, { dispose: graph.dispose })
}

/** Images, whose number is the first side of what is made of them. */
interface Views {
  /** [count, height, width, 3] */
  readonly whole: tf.Tensor4D | undefined
  /** [count, parts, height, width, 3] */
  readonly parts: tf.Tensor5D | undefined
}

/** @returns [count, parts, height, width, 3] of [count * parts, height, width, 3] */
function imageByImage(parts: tf.Tensor4D, count: number): tf.Tensor5D {
  const [views, height, width, channels] = parts.shape
  return parts.reshape([count, views / count, height, width, channels])
}

function partByPart(parts: tf.Tensor5D): tf.Tensor4D {
  const [count, each, height, width, channels] = parts.shape
  return parts.reshape([count * each, height, width, channels])
}
