import { graphFunction, type NamedTensors } from '@m2l/engine'
import { nameParameters } from '@m2l/nn'
import type { Embedding } from '@m2l/metric'
import type { FewShotModel } from './few-shot-model.js'
import type { ImageTensors } from './image-tensors.js'

/** Embeds images as evaluation does; `dispose` frees the graphs. */
export interface EmbeddingGraph {
  (images: ImageTensors): Embedding
  dispose(): void
}

/** A model's embedding in evaluation, where batch norms use their running statistics, as a graph. */
export function embeddingGraph(model: FewShotModel): EmbeddingGraph {
  nameParameters(model.state)
  const graph = graphFunction<NamedTensors, NamedTensors, number>(
    (views, _key, count) => ({ ...model.embed({ count, ...views }, { training: false }) }),
    { name: 'embed' },
  )
  const embed = ({ count, whole, parts }: ImageTensors): Embedding =>
    graph({ ...(whole && { whole }), ...(parts && { parts }) }, undefined, count)
  return Object.assign(embed, { dispose: graph.dispose })
}
