import { tf } from '@m2l/engine'
import { disposeEmbedding, type Embedding, type EmbeddingField } from '@m2l/metric'
import { embeddingGraph, type OnEager } from './embedding-graph.js'
import type { FewShotModel } from '../model/few-shot-model.js'
import { disposeImages, imageTensors, type RenderedImages } from '../images/image-tensors.js'

/** A field of the embeddings of some images, as plain numbers. */
export interface EmbeddedField {
  /** [images, …] */
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** The embeddings of some images as plain numbers, which nobody has to free. */
export type EmbeddedImages = Readonly<Partial<Record<EmbeddingField, EmbeddedField>>>

/**
 * Makes embeddings of rendered images, in whatever runtime: the seam between networks and all that is done
 * with embeddings. It is asynchronous and made of plain numbers, so that nothing behind it depends on
 * TensorFlow.js.
 */
export interface ImageNetwork {
  /**
   * The embeddings of images, with what their views allow.
   *
   * @param images whose memory is given back for the images that come next
   */
  embed(images: RenderedImages): Promise<EmbeddedImages>
  dispose(): void
}

/**
 * A model's own backbone as a network, run as a graph.
 *
 * @param onEager see `GraphFunctionOptions` of `@m2l/engine`
 */
export function graphNetwork(model: FewShotModel, onEager?: OnEager): ImageNetwork {
  const graph = embeddingGraph(model, onEager)
  return {
    async embed(images) {
      const tensors = imageTensors(images, {}) // normalised as they were rendered
      const embedding = graph(tensors)
      disposeImages(tensors, images)
      try {
        return await embeddedImages(embedding)
      } finally {
        disposeEmbedding(embedding)
      }
    },
    dispose: graph.dispose,
  }
}

/** The numbers of an embedding, whose tensors stay the caller's. */
export async function embeddedImages({ map, parts }: Embedding): Promise<EmbeddedImages> {
  const read = async (tensor: tf.Tensor): Promise<EmbeddedField> => ({
    shape: tensor.shape,
    data: (await tensor.data()) as Float32Array,
  })
  return { ...(map && { map: await read(map) }), ...(parts && { parts: await read(parts) }) }
}

/** Embeddings as tensors, which are the caller's. */
export function embeddingOf({ map, parts }: EmbeddedImages): Embedding {
  return {
    ...(map && { map: tf.tensor(map.data, [...map.shape] as [number, number, number, number]) }),
    ...(parts && { parts: tf.tensor(parts.data, [...parts.shape] as [number, number, number]) }),
  }
}
