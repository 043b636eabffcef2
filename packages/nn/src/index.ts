export type { Layout, Parameter, StateDict } from './parameter.js'
export {
  disposeState,
  kept,
  learned,
  mergeStates,
  nameParameters,
  prefixed,
  trainableVariables,
} from './parameter.js'
export type { Backbone, ForwardContext } from './module.js'
export {
  normalisationNames,
  type NormalisationName,
  type PerChannel,
  type PictureInput,
  type ResizeFilter,
} from './picture-input.js'
export type { Initialiser } from './initialisers.js'
export { kaimingNormalFanOut, normal, uniform, uniformFanIn, xavierUniform } from './initialisers.js'
export { Convolution, type ConvolutionOptions } from './convolution.js'
export { convolve, type Padding, type Windows } from './convolve.js'
export { BatchNorm, type BatchNormOptions } from './batch-norm.js'
export { LayerNorm, type LayerNormOptions } from './layer-norm.js'
export { gelu, relu6, silu } from './activations.js'
export { Linear, type LinearOptions } from './linear.js'
export { drawingKey, dropout } from './dropout.js'
export { dropConnect } from './drop-connect.js'
export { dropBlock, scheduledKeep } from './drop-block.js'
export { pyramidPool } from './pyramid-pool.js'
export { poolingWindows, windowPool, windowWeights, type PoolingWindow } from './window-pool.js'
export { regionPool, type Region } from './region-pool.js'
export type { Optimiser } from './optimiser.js'
export { sgd, type SgdOptions } from './sgd.js'
export { adam, type AdamOptions } from './adam.js'
export { lossAndGradients } from './loss-and-gradients.js'
export { multistepDecay, stepDecay, type Schedule } from './schedules.js'
export { decodeSafetensors, encodeSafetensors } from './safetensors.js'
export type { SafetensorsContent } from './safetensors.js'
export type { StoredTensor, StoredValues } from './stored-tensor.js'
export { loadSafetensors, saveSafetensors } from './safetensors-file.js'
export { readWhole, writeWhole } from './whole-file.js'
export { SafetensorsWriter } from './safetensors-writer.js'
export { decodePyTorch, type CheckpointEntry, type PyTorchContent } from './pytorch/decode-pytorch.js'
export { encodePyTorch, type PyTorchOptions } from './pytorch/encode-pytorch.js'
export { faultIn, requireFiniteTensors } from './finite.js'
export { loadWeights, savePyTorch, unwrapWeights, weightsPath, type Weights } from './weights-file.js'
export { assignState, type AssignOptions } from './assign-state.js'
export { loadState, saveState } from './state-file.js'
