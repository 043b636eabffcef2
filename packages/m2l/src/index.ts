export {
  compareResults,
  type ComparedClass,
  type ComparedEpisode,
  type ComparedPredictions,
  type ComparedResult,
  type CompareOptions,
  type Comparison,
} from './compare/compare-results.js'
export { createModel } from './create-model.js'
export {
  evaluateRecipe,
  type EvaluateOptions,
  type EvaluationReport,
  type SemiSupervisedReport,
} from './evaluate-recipe.js'
export { levelRegistry, recipeLevels, type RecipeLevels } from './levels.js'
export { pretrainRecipe } from './pretrain-recipe.js'
export {
  dataFolder,
  episodeTransforms,
  openRecipeDataset,
  pretrainingTransforms,
  requireSplit,
} from './recipe-data.js'
export type { RecipeRunOptions, TrainingReport } from './recipe-run.js'
export { initialWeights, parseRecipe, readRecipe, type Recipe } from './recipe/read-recipe.js'
export { recipeSchema, type RecipeValues } from './recipe/schema.js'
export { trainRecipe } from './train-recipe.js'
export { convertWeights, type ConvertedWeights, type ConvertOptions } from './weights/convert-weights.js'
export { ownName, publishedName } from './weights/published-names.js'
export { showWeights, type ShownTensor, type ShownWeights } from './weights/show-weights.js'
export type { Progress } from '@m2l/trainer'
