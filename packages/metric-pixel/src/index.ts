export {
  alignmentDefinition,
  alignmentLevel,
  type AlignmentLevelOptions,
  type AlignmentMasking,
} from './alignment-level.js'
export { pixelDefinition, pixelLevel, type PixelLevelOptions } from './pixel-level.js'
