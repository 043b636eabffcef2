export { addBaseMean, type BaseMeanOptions } from './training/base-mean.js'
export { asksForBaseMean } from './run/base-mean-names.js'
export {
  assignBackbone,
  assignCheckpoint,
  loadBackbone,
  loadCheckpoint,
  parsePosition,
  saveCheckpoint,
  startPosition,
  type CheckpointContent,
  type CheckpointDescription,
  type LoadOptions,
  type TrainingPosition,
} from './run/checkpoint.js'
export {
  checkpointFiles,
  checkpointsKept,
  holdsRun,
  loadNewest,
  saveNewest,
  type AcceptCheckpoint,
  type Newest,
} from './run/checkpoint-series.js'
export { embeddingGraph, type EmbeddingGraph, type OnEager } from './model/embedding-graph.js'
export {
  disposeEpisode,
  EpisodeImages,
  type EpisodeTensors,
  type EpisodeViews,
  type RenderedEpisode,
} from './images/episode-images.js'
export {
  disposeImages,
  imageTensors,
  renderImages,
  type ImageTensors,
  type ImageTransforms,
  type RenderedImages,
} from './images/image-tensors.js'
export {
  disposeEmbedding,
  embeddingOf,
  type EmbeddedField,
  type EmbeddedImages,
  type ImageNetwork,
} from './model/image-network.js'
export { calibration, type Calibration, type CalibrationBin } from './statistics/calibration.js'
export { accuracy } from './evaluation/accuracy.js'
export { evaluate, type Evaluation } from './evaluation/evaluate.js'
export type {
  EpisodeFeatures,
  EvaluationOptions,
  FeatureEvaluationOptions,
} from './evaluation/evaluation-options.js'
export type { EpisodeEmbeddings } from './evaluation/measure-graph.js'
export { sliceEvaluation } from './evaluation/evaluation-slice.js'
export { describeGuessing, episodeTask, taskOf, type EpisodeTask } from './evaluation/episode-task.js'
export { FeatureBank, type BankOptions, type BankSize } from './evaluation/feature-bank.js'
export { FewShotModel } from './model/few-shot-model.js'
export { ForeignModel, type MapNetwork } from './model/foreign-model.js'
export { networkOf, type EvaluatedModel } from './model/evaluated-model.js'
export type { ForwardEncoding, ImageView } from './model/forward-encoding.js'
export { embedPooled, type StagePooling } from './model/pool-stages.js'
export { unpooledMaps, type UnpooledMaps } from './model/unpooled-maps.js'
export { imagesPerBatch } from './images/images-per-batch.js'
export { interval95, type Interval } from './statistics/interval.js'
export { nearestPrototype } from './training/nearest-prototype.js'
export { NonFiniteError } from './training/non-finite-error.js'
export { pairedDifference, type PairedDifference } from './statistics/paired-difference.js'
export { prefetch } from './images/prefetch.js'
export { classifierState, pretrain, type Pretraining } from './training/pretrain.js'
export type { OnProgress, Phase, Progress } from './run/progress.js'
export { fileExists, openRunFolder, removeHalfWritten, type RunFolder } from './run/run-folder.js'
export { lockRunFolder, type RunLock } from './run/run-lock.js'
export { episodeStep, trainEpisodes, type EpisodicTraining } from './training/train-episodes.js'
export {
  readCheckpoint,
  saveModelWeights,
  type Rename,
  type StoredCheckpoint,
  type Tensors,
} from './run/read-checkpoint.js'
export { meanLoss, type TrainingHistory } from './training/training-history.js'
export {
  stepsPerCheckpoint,
  type StepMeasures,
  type TrainingOutcome,
  type TrainingRun,
  type Validation,
  type ValidationResult,
} from './training/training-loop.js'
