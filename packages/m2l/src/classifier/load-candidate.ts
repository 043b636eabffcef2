import { resolve } from 'node:path'
import { type Candidate, modelCandidates, type SeeingOptions } from '@m2l/classifier'
import { renderAhead } from '@m2l/datasets'
import { type CompareBy, storedRecipe } from '@m2l/model'
import type { AgreementOptions } from '../agreement/agreement.js'
import type { OnnxOptions } from '../model/onnx-model.js'
import { modelOfWeights } from '../model/trained-model.js'
import type { Recipe } from '../recipe/read-recipe.js'
import { weightsFile } from '../weights/weights-file.js'

/** How weights are loaded. */
export interface LoadOptions
  extends AgreementOptions, OnnxOptions, CompareBy, Pick<SeeingOptions, 'views' | 'onEager'> {
  /** How the model is made that the weights belong to; needed where these do not say so themselves. */
  readonly recipe?: Recipe
}

/**
 * Weights as a classifier may see by; with crops, too, where these are asked for or the examples are to say
 * whether they pay.
 *
 * @param weights a name of weights, or the path of a checkpoint
 * @throws {InputError} as `FewShotClassifier.load` says
 */
export async function loadCandidates(
  weights: string,
  options: LoadOptions = {},
): Promise<readonly [Candidate, ...Candidate[]]> {
  const { model, recipe, fingerprint } = await modelOfWeights(weights, options.recipe, options)
  const origin = {
    weights: lastingName(weights),
    ...(typeof options.card === 'string' && { card: resolve(options.card) }),
    ...(options.recipe && { recipe: storedRecipe(options.recipe) }),
    ...(options.head !== undefined && { head: options.head }),
    ...(options.features !== undefined && { features: options.features }),
  }
  const { views, onEager } = options
  return modelCandidates({ model, recipe, fingerprint, origin }, { views, onEager, render: renderAhead })
}

/** What weights can be found by later, from any folder. */
function lastingName(weights: string): string {
  const path = resolve(weights)
  return resolve(weightsFile(weights)) === path ? path : weights
}
