export {
  disposeEmbedding,
  requireField,
  requireFieldOfOne,
  type Embedding,
  type EmbeddingField,
  type Support,
} from './embedding.js'
export { explainImageToClass, type ComparedDescriptors } from './explain-image-to-class.js'
export {
  explanationOfMatches,
  rowsOfClasses,
  type Contributions,
  type ImageContributions,
  type PositionCounts,
  type PositionMatch,
  type ScoreExplanation,
} from './explanation.js'
export {
  crossEntropy,
  fusionModes,
  LevelFusion,
  type FusionMode,
  type LevelScores,
  type WeightedLevel,
} from './fusion.js'
export {
  defaultCosinesMib,
  imageToClassLeaveOneOut,
  imageToClassScores,
  type ImageToClassOptions,
} from './image-to-class.js'
export { l2Length, l2Normalise } from './l2-normalise.js'
export { classesOfImages, withOwnScores, type LeftOutImages } from './left-out-images.js'
export { defineLevel, type LevelDefinition, type LevelEnvironment, type MetricLevel } from './level.js'
export { PooledGradients, type FeatureGradient, type ScoreGradients } from './pooled-gradients.js'
export { pooled, positionsOf, prototypes } from './prototypes.js'
export { readBack } from './read-back.js'
export { LevelRegistry } from './registry.js'
