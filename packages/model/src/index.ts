export { FewShotModel } from './model/few-shot-model.js'
export { ForeignModel, type MapNetwork } from './model/foreign-model.js'
export { networkOf, type EvaluatedModel } from './model/evaluated-model.js'
export type { ForwardEncoding, ImageView } from './model/forward-encoding.js'
export { embedPooled, type StagePooling } from './model/pool-stages.js'
export { embeddingGraph, type EmbeddingGraph, type OnEager } from './network/embedding-graph.js'
export {
  embeddingOf,
  graphNetwork,
  type EmbeddedField,
  type EmbeddedImages,
  type ImageNetwork,
} from './network/image-network.js'
export { unpooledMaps, type UnpooledMaps } from './network/unpooled-maps.js'
export {
  disposeImages,
  imageTensors,
  renderImages,
  type ImageTensors,
  type ImageTransforms,
  type RenderedImages,
  type RenderImagesOptions,
  type ViewRenderer,
} from './images/image-tensors.js'
export {
  disposeEpisode,
  episodeTensors,
  type EpisodeTensors,
  type RenderedEpisode,
} from './images/episode-tensors.js'
export { imagesPerBatch } from './images/images-per-batch.js'
export { nextTurn } from '#next-turn'
export { prefetch } from './images/prefetch.js'
export {
  decodeCheckpoint,
  encodeModelWeights,
  isOwnCheckpoint,
  ownCheckpoint,
  ownFormat,
  type OwnCheckpoint,
  type Tensors,
} from './checkpoint/own-checkpoint.js'
export { assignBackbone, assignCheckpoint } from './checkpoint/assign-checkpoint.js'
export { asksForBaseMean, baseNames } from './checkpoint/base-mean-names.js'
export { forwardEncoding } from './from-recipe/recipe-encoding.js'
export { createLevels, createModel, createRecipeBackbone } from './from-recipe/create-model.js'
export { episodeTransforms, pretrainingTransforms } from './from-recipe/recipe-transforms.js'
export {
  checkedRecipe,
  importsOf,
  writtenRecipe,
  type CheckedRecipe,
  type WrittenRecipe,
} from './recipe/check-recipe.js'
export { describeIssue } from './recipe/describe-issue.js'
export {
  forwardEncodings,
  meantEncoding,
  publishedGrid,
  type SaidEncoding,
} from './recipe/forward-encodings.js'
export { ownParts, type KnownParts } from './recipe/known-parts.js'
export { methods, recipeLevels, type MethodValues, type RecipeLevels } from './recipe/methods.js'
export type { Override } from './recipe/overrides.js'
export { hasDistractors } from './recipe/refinement.js'
export {
  asSaid,
  withInput,
  type ChosenBackbone,
  type ChosenInput,
  type ChosenLevel,
  type ResolvedData,
  type ResolvedRecipe,
} from './recipe/resolve-recipe.js'
export {
  imageSizeSchema,
  normalisationSchema,
  recipeSchema,
  usualEncoder,
  type RecipeValues,
} from './recipe/schema.js'
export { comparisonOverrides, type CompareBy } from './stored/compare-by.js'
export { isDropBlockCounter, namesFor, ownName, publishedName } from './stored/published-names.js'
export { readStoredRecipe, recipeOfWeights, storedRecipe, type StoredRecipe } from './stored/stored-recipe.js'
export { modelFingerprint, storedModel, type StoredModel } from './stored/stored-model.js'
