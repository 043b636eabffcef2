import { graphFunction, type GraphFunctionOptions, type NamedTensors } from '@m2l/engine'
import { nameParameters } from '@m2l/nn'
import type { Embedding } from '@m2l/metric'
import type { FewShotModel } from './few-shot-model.js'
import type { ImageTensors } from './image-tensors.js'

/** Receives the reason where something cannot run as a graph and goes on operation by operation. */
export type OnEager = GraphFunctionOptions['onEager']

/** Embeds images as evaluation does; `dispose` frees the graphs. */
export interface EmbeddingGraph {
  (images: ImageTensors): Embedding
  dispose(): void
}

/**
 * A model's embedding in evaluation, where batch norms use their running statistics, as a graph.
 *
 * @param onEager see `GraphFunctionOptions` of `@m2l/engine`
 */
export function embeddingGraph(model: FewShotModel, onEager?: OnEager): EmbeddingGraph {
  nameParameters(model.state)
  const graph = graphFunction<NamedTensors, NamedTensors, number>(
    (views, _key, count) => ({ ...model.embed({ count, ...views }, { training: false }) }),
    { name: 'embed', onEager },
  )
  const embed = ({ count, whole, parts }: ImageTensors): Embedding =>
    graph({ ...(whole && { whole }), ...(parts && { parts }) }, undefined, count)
  return Object.assign(embed, { dispose: graph.dispose })
}
