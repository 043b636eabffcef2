import type { OnEager } from '../network/embedding-graph.js'
import type { FewShotModel } from './few-shot-model.js'
import type { ForeignModel } from './foreign-model.js'
import { graphNetwork, type ImageNetwork } from '../network/image-network.js'

/** What can be evaluated and classify: a model of our own, or a network of another runtime with levels. */
export type EvaluatedModel = FewShotModel | ForeignModel

/**
 * What embeds the images of a model as evaluation does; `dispose` frees what it takes beside the model.
 *
 * @param onEager see `GraphFunctionOptions` of `@m2l/engine`
 */
export function networkOf(model: EvaluatedModel, onEager?: OnEager): ImageNetwork {
  return 'network' in model ? model.network : graphNetwork(model, onEager)
}
