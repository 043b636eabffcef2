export { addBaseMean, type BaseMeanOptions } from './training/base-mean.js'
export {
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
  holdsRun,
  loadNewest,
  saveNewest,
  type AcceptCheckpoint,
  type Newest,
} from './run/checkpoint-series.js'
export { EpisodeImages, type EpisodeViews } from './images/episode-images.js'
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
export { interval95, type Interval } from './statistics/interval.js'
export { nearestPrototype } from './training/nearest-prototype.js'
export { NonFiniteError } from './training/non-finite-error.js'
export { pairedDifference, type PairedDifference } from './statistics/paired-difference.js'
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
} from './run/read-checkpoint.js'
export { meanLoss, type TrainingHistory } from './training/training-history.js'
export {
  type StepMeasures,
  type TrainingOutcome,
  type TrainingRun,
  type Validation,
  type ValidationResult,
} from './training/training-loop.js'
