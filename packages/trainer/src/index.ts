export { addBaseMean, type BaseMeanOptions } from './base-mean.js'
export { asksForBaseMean } from './base-mean-names.js'
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
} from './checkpoint.js'
export {
  checkpointFiles,
  checkpointsKept,
  holdsRun,
  loadNewest,
  saveNewest,
  type AcceptCheckpoint,
  type Newest,
} from './checkpoint-series.js'
export { embeddingGraph, type EmbeddingGraph, type OnEager } from './embedding-graph.js'
export {
  disposeEpisode,
  EpisodeImages,
  type EpisodeTensors,
  type EpisodeViews,
  type RenderedEpisode,
} from './episode-images.js'
export {
  disposeImages,
  imageTensors,
  renderImages,
  type ImageTensors,
  type ImageTransforms,
  type RenderedImages,
} from './image-tensors.js'
export {
  disposeEmbedding,
  embeddingOf,
  type EmbeddedField,
  type EmbeddedImages,
  type ImageNetwork,
} from './image-network.js'
export { calibration, type Calibration, type CalibrationBin } from './calibration.js'
export {
  accuracy,
  evaluate,
  type EpisodeFeatures,
  type Evaluation,
  type EvaluationOptions,
  type FeatureEvaluationOptions,
} from './evaluate.js'
export type { EpisodeEmbeddings } from './measure-graph.js'
export { sliceEvaluation } from './evaluation-slice.js'
export { describeGuessing, episodeTask, taskOf, type EpisodeTask } from './episode-task.js'
export { FeatureBank, type BankOptions, type BankSize } from './feature-bank.js'
export { FewShotModel } from './few-shot-model.js'
export { ForeignModel, type MapNetwork } from './foreign-model.js'
export { networkOf, type EvaluatedModel } from './evaluated-model.js'
export type { ForwardEncoding, ImageView } from './forward-encoding.js'
export { embedPooled, type StagePooling } from './pool-stages.js'
export { unpooledMaps, type UnpooledMaps } from './unpooled-maps.js'
export { imagesPerBatch } from './images-per-batch.js'
export { interval95, type Interval } from './interval.js'
export { nearestPrototype } from './nearest-prototype.js'
export { NonFiniteError } from './non-finite-error.js'
export { pairedDifference, type PairedDifference } from './paired-difference.js'
export { prefetch } from './prefetch.js'
export { classifierState, pretrain, type Pretraining } from './pretrain.js'
export type { OnProgress, Phase, Progress } from './progress.js'
export { fileExists, openRunFolder, removeHalfWritten, type RunFolder } from './run-folder.js'
export { lockRunFolder, type RunLock } from './run-lock.js'
export { episodeStep, trainEpisodes, type EpisodicTraining } from './train-episodes.js'
export {
  readCheckpoint,
  saveModelWeights,
  type Rename,
  type StoredCheckpoint,
  type Tensors,
} from './read-checkpoint.js'
export { meanLoss, type TrainingHistory } from './training-history.js'
export {
  stepsPerCheckpoint,
  type StepMeasures,
  type TrainingOutcome,
  type TrainingRun,
  type Validation,
  type ValidationResult,
} from './training-loop.js'
