import { dataFolder } from '../data/recipe-data.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { findClassNames, type FoundClassNames } from './find-class-names.js'

/**
 * The names of some classes of a recipe's data set: those of `data.labels`, or of a file among or beside its
 * pictures.
 *
 * @throws {InputError} see `findClassNames`
 */
export function recipeClassNames(recipe: Recipe, labels: readonly string[]): Promise<FoundClassNames> {
  const { labels: file, dataset } = recipe.data
  return findClassNames(labels, { file, beside: dataset === 'emoji' ? undefined : dataFolder(recipe) })
}
