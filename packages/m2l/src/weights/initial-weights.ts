import { InputError } from '@m2l/engine'
import type { StateDict } from '@m2l/nn'
import { fileExists, loadBackbone } from '@m2l/trainer'
import { initialWeights, type Recipe } from '../recipe/read-recipe.js'
import { isDropBlockCounter, ownName } from './published-names.js'

/**
 * Gives a backbone the weights that a recipe's training starts from, `model.weights`; leaves it as it is where there are none.
 *
 * @throws {InputError} when the file is not there or does not fit
 */
export async function loadInitialWeights(recipe: Recipe, backbone: StateDict): Promise<void> {
  const weights = initialWeights(recipe)
  if (weights === undefined) return
  if (!(await fileExists(weights))) {
    throw new InputError(
      `${recipe.file}: model.weights: there is no ${weights}; pretrain first (m2l pretrain), or start from random weights with model.weights=null`,
    )
  }
  await loadBackbone(weights, backbone, { optional: isDropBlockCounter, rename: ownName })
}
