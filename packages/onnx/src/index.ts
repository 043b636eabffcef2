export { cardBeside, readOnnxCard, type OnnxCard, type OnnxCardInput } from './card.js'
export type { FeatureMaps } from './feature-maps.js'
export { isOnnxFile, onnxEmbedder, type OnnxEmbedder, type OnnxEmbedderOptions } from './onnx-embedder.js'
