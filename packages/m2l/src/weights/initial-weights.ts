import { dirname } from 'node:path'
import { InputError } from '@m2l/engine'
import type { StateDict } from '@m2l/nn'
import { readCheckpoint } from '@m2l/trainer'
import { assignBackbone, isDropBlockCounter, namesFor, readStoredRecipe } from '@m2l/model'
import { AgreementCheck, type AgreementOptions } from '../agreement/agreement.js'
import { backboneSettings } from '../agreement/model-settings.js'
import type { Learning } from '../agreement/seen-classes.js'
import type { TrainingData } from './training-settings.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { weightsExist, weightsFile } from './weights-file.js'
import { learningOfWeights, settingsOfBackbone } from './stored-facts.js'

/**
 * Where the backbone's first weights are, if the recipe names them: those shipped under this name, or a file.
 *
 * @throws {InputError} when it is the name of weights that are not fetched yet, or a plain name of neither
 *   weights nor a file
 */
export function initialWeights(recipe: Recipe): string | undefined {
  const { weights } = recipe.model
  return weights === undefined
    ? undefined
    : weightsFile(weights, dirname(recipe.folder), `${recipe.file}: model.weights: `)
}

/** What a training starts from. */
export interface StartedFrom {
  /** What its first weights learned from. */
  readonly learning: Learning
  /** What a person should know of them, a line each. */
  readonly notes: readonly string[]
}

/** What first weights are compared with. */
export interface InitialWeightsOptions extends AgreementOptions {
  /** Splits whose classes should be new to them, validation and test; none are compared if not given. */
  readonly held?: readonly TrainingData['val'][]
}

/**
 * Gives a backbone the weights that a recipe's training starts from, `model.weights`; leaves it as it is
 * where there are none.
 *
 * @throws {InputError} when the file is not there or does not fit, was trained with another encoder, size or
 *   normalisation, or has learned classes that should be new to it, and is not to be taken nevertheless
 */
export async function loadInitialWeights(
  recipe: Recipe,
  backbone: StateDict,
  { held = [], ...options }: InitialWeightsOptions = {},
): Promise<StartedFrom> {
  const weights = initialWeights(recipe)
  if (weights === undefined) return { learning: [], notes: [] }
  if (!weightsExist(weights)) {
    throw new InputError(
      `${recipe.file}: model.weights: there is no ${weights}; pretrain first (npx m2l pretrain), or start from random weights with model.weights=null`,
    )
  }
  const stored = await readCheckpoint(weights, namesFor(recipe))
  const { known } = recipe.resolved
  const agreement = new AgreementCheck(weights, options)
  agreement.compareSettings(
    settingsOfBackbone(readStoredRecipe(weights, stored.metadata.recipe, known), stored.metadata, known),
    backboneSettings(recipe),
    stored.under,
  )
  const learning = learningOfWeights(weights, stored.metadata)
  for (const split of held) agreement.compareClasses(learning, split)
  assignBackbone(weights, stored, backbone, { optional: isDropBlockCounter })
  return { learning: learning ?? [{ kind: 'unknown' }], notes: agreement.notes }
}
