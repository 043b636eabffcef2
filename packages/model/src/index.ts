export { FewShotModel } from './model/few-shot-model.js'
export { ForeignModel, type MapNetwork } from './model/foreign-model.js'
export { networkOf, type EvaluatedModel } from './model/evaluated-model.js'
export type { ForwardEncoding, ImageView } from './model/forward-encoding.js'
export { embedPooled, type StagePooling } from './model/pool-stages.js'
export { embeddingGraph, type EmbeddingGraph, type OnEager } from './network/embedding-graph.js'
export {
  disposeEmbedding,
  embeddingOf,
  graphNetwork,
  type EmbeddedField,
  type EmbeddedImages,
  type ImageNetwork,
} from './network/image-network.js'
export { unpooledMaps, type UnpooledMaps } from './network/unpooled-maps.js'
export {
  disposeImages,
  imageTensors,
  renderImages,
  type ImageTensors,
  type ImageTransforms,
  type RenderedImages,
  type RenderImagesOptions,
  type ViewRenderer,
} from './images/image-tensors.js'
export {
  disposeEpisode,
  episodeTensors,
  type EpisodeTensors,
  type RenderedEpisode,
} from './images/episode-tensors.js'
export { imagesPerBatch } from './images/images-per-batch.js'
export { nextTurn } from '#next-turn'
export { prefetch } from './images/prefetch.js'
export {
  decodeCheckpoint,
  encodeModelWeights,
  isOwnCheckpoint,
  ownCheckpoint,
  ownFormat,
  type OwnCheckpoint,
  type Tensors,
} from './checkpoint/own-checkpoint.js'
export { assignBackbone, assignCheckpoint } from './checkpoint/assign-checkpoint.js'
export { asksForBaseMean, baseNames } from './checkpoint/base-mean-names.js'
