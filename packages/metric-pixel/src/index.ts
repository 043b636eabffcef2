export { pixelDefinition, pixelLevel, type PixelLevelOptions } from './pixel-level.js'
