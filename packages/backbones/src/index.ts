export { conv64 } from './conv64.js'
export { conv64FourPool } from './conv64-four-pool.js'
export {
  efficientNetLite,
  liteResolution,
  type EfficientNetLiteOptions,
  type EfficientNetLiteVariant,
} from './efficientnet-lite.js'
export { liteName } from './efficientnet-lite-names.js'
export { resNet12, type ResNet12Options } from './resnet12.js'
export {
  defineBackbone,
  type BackboneDefinition,
  type BackboneEnvironment,
  type BackboneInput,
  type LevelStatistics,
  type PictureFrame,
} from './definition.js'
export { NormalisedConvolution, type NormalisedConvolutionOptions } from './normalised-convolution.js'
export { ownBackbones } from './own-backbones.js'
export { stagedBackbone, type Stage, type StagedBackboneOptions } from './staged-backbone.js'
export { backboneNames, BackboneRegistry, createBackbone } from './registry.js'
