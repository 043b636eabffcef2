import { graphFunction, tf, type GraphFunctionOptions, type NamedTensors } from '@m2l/engine'
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
 * A model's embedding in evaluation, where batch norms use their running statistics, as a graph: one for every number of images,
 * with the weights that the model has at the first call.
 *
 * @param onEager see `GraphFunctionOptions` of `@m2l/engine`
 */
export function embeddingGraph(model: FewShotModel, onEager?: OnEager): EmbeddingGraph {
  nameParameters(model.state)
  const graph = graphFunction<NamedTensors, NamedTensors>(
    ({ whole, parts }) => {
      const [count] = (whole ?? parts)!.shape as [number]
      const images = {
        count,
        ...(whole && { whole: whole as tf.Tensor4D }),
        ...(parts && { parts: partByPart(parts as tf.Tensor5D) }),
      }
      return { ...model.embed(images, { training: false }) }
    },
    { name: 'embed', onEager, frozen: true, anyBatch: true },
  )
  const embed = ({ count, whole, parts }: ImageTensors): Embedding =>
    tf.tidy(() => graph({ ...(whole && { whole }), ...(parts && { parts: imageByImage(parts, count) }) }))
  return Object.assign(embed, { dispose: graph.dispose })
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
