export {
  FewShotClassifier,
  type ClassifierClass,
  type ComparingOptions,
  type FeatureOptions,
  type ModelOptions,
  type WeightsOptions,
} from './few-shot-classifier.js'
export { noneReadable } from './class-label.js'
export type { ClassifyOptions } from './classify-images.js'
export type { Candidate, Comparison } from './candidate.js'
export {
  comparisonOf,
  modelCandidates,
  reducedTo,
  type ModelOfWeights,
  type SeeingOptions,
} from './load/model-candidate.js'
export type { WeightsSource } from './load/weights-source.js'
export type { Classification, LevelClassification } from './classification.js'
export type { ClassifierChoice } from './choice/describe-choice.js'
export { fusionOfHeads, type FeatureRange } from './choice/fit-heads.js'
export { picturesWithCorners } from './choice/picture-crops.js'
export { canCalibrate, Familiarity, requireCalibration } from './familiarity.js'
export type { LeaveOneOut, LeftOut } from './leave-one-out.js'
export {
  labelNext,
  PictureFeatures,
  usualLabelNext,
  type LabelNext,
  type LabelReason,
  type Unlabelled,
} from './label-next.js'
export { auroc, wilson95 } from './ranking.js'
export { drawnShots, type ShotCounts } from './shot-counts.js'
export {
  readGivenImage,
  type GivenImage,
  type NamedImage,
  type ReadableImage,
} from './pictures/given-image.js'
export type { ModelPictures } from './pictures/model-pictures.js'
export { PictureDigests } from './pictures/picture-digests.js'
export { chooseImages, imageCount, type EmbeddedImages } from './embedding/embedded-images.js'
export { CropsEmbedder } from './embedding/crops-embedder.js'
export {
  ImageEmbedder,
  readAtTimes,
  readForModel,
  type EmbeddedBatch,
  type EmbedOptions,
  type OnUnreadable,
  type ReadForModelOptions,
} from './embedding/image-embedder.js'
export { embedderOf, shown } from './features/feature-embedder.js'
export { featuresAt, labelledFeatures, type FeatureSet, type GivenFeatures } from './features/feature-set.js'
export { pooledRows } from './features/pooled-rows.js'
export { decodeClasses, encodeClasses } from './classes/encode-classes.js'
export { mergeClasses } from './classes/merge-classes.js'
export { exampleNames, type Example, type SavedClass, type SavedClasses } from './classes/saved-classes.js'
