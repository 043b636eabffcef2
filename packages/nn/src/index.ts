export type { Layout, Parameter, StateDict } from './state/parameter.js'
export {
  disposeState,
  kept,
  learned,
  mergeStates,
  nameParameters,
  trainableVariables,
} from './state/parameter.js'
export type { Backbone, ForwardContext } from './layers/module.js'
export {
  normalisationNames,
  type NormalisationName,
  type PerChannel,
  type PictureInput,
  type ResizeFilter,
} from './layers/picture-input.js'
export type { Initialiser } from './layers/initialisers.js'
export { kaimingNormalFanOut, normal, uniform, uniformFanIn, xavierUniform } from './layers/initialisers.js'
export { Convolution, type ConvolutionOptions } from './layers/convolution.js'
export { convolve, type Padding, type Windows } from './layers/convolve.js'
export { BatchNorm, type BatchNormOptions } from './layers/batch-norm.js'
export { LayerNorm, type LayerNormOptions } from './layers/layer-norm.js'
export { gelu, relu6, silu } from './layers/activations.js'
export { Linear, type LinearOptions } from './layers/linear.js'
export { drawingKey, dropout } from './layers/dropout.js'
export { dropConnect } from './layers/drop-connect.js'
export { dropBlock, scheduledKeep } from './layers/drop-block.js'
export { pyramidPool } from './layers/pyramid-pool.js'
export { poolingWindows, windowPool, windowWeights, type PoolingWindow } from './layers/window-pool.js'
export { regionPool, type Region } from './layers/region-pool.js'
export type { Optimiser } from './optimisers/optimiser.js'
export { sgd, type SgdOptions } from './optimisers/sgd.js'
export { adam, type AdamOptions } from './optimisers/adam.js'
export { lossAndGradients } from './optimisers/loss-and-gradients.js'
export { multistepDecay, stepDecay, type Schedule } from './optimisers/schedules.js'
export { prefixed, within } from './state/prefixes.js'
export { decodeSafetensors, encodeSafetensors } from './state/safetensors.js'
export type { SafetensorsContent } from './state/safetensors.js'
export type { StoredTensor, StoredValues } from './state/stored-tensor.js'
export { faultIn, requireFiniteTensors } from './state/finite.js'
export { encodeState } from './state/encode-state.js'
export { assignState, type AssignOptions } from './state/assign-state.js'
