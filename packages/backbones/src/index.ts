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
export { backboneNames, createBackbone, type BackboneName } from './registry.js'
