import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { assignCheckpoint, readCheckpoint, type FewShotModel, type Tensors } from '@m2l/trainer'
import { AgreementCheck, type AgreementOptions } from './agreement/agreement.js'
import { modelSettings } from './agreement/model-settings.js'
import type { Learning } from './agreement/seen-classes.js'
import { createModel } from './create-model.js'
import type { Recipe } from './recipe/read-recipe.js'
import { isDropBlockCounter, namesFor } from './weights/published-names.js'
import { weightsExist, weightsFile } from './weights/weights-file.js'
import { recipeOfWeights } from './weights/stored-recipe.js'
import { learningOfWeights, settingsOfModel } from './weights/stored-facts.js'

/** A model with learned weights, which is the caller's to dispose. */
export interface TrainedModel {
  readonly model: FewShotModel
  /** How it is made. */
  readonly recipe: Recipe
  /** Where the weights came from, as it was named. */
  readonly checkpoint: string
  /** The weights, as they were read. */
  readonly tensors: Tensors
  /** The SHA-256 of the file, as it was read. */
  readonly sha256: string
  /** How the weights agree with the recipe. */
  readonly agreement: AgreementCheck
  /** What they learned from; nothing where they do not say. */
  readonly learning: Learning | undefined
}

/**
 * A recipe's model with the weights of a checkpoint.
 *
 * @param checkpoint weights by name, a safetensors file or of PyTorch; the best of the run folder if not given
 * @throws {InputError} when there is no such file, it does not fit, or it was trained with other settings and is not to be
 *   taken nevertheless
 */
export async function trainedModel(
  recipe: Recipe,
  checkpoint?: string,
  options: AgreementOptions = {},
): Promise<TrainedModel> {
  const file = checkpoint === undefined ? join(recipe.folder, 'best.safetensors') : weightsFile(checkpoint)
  if (!weightsExist(file)) {
    throw new InputError(
      `${file}: there is no such checkpoint; train first (m2l train), or name a checkpoint's file with --checkpoint`,
    )
  }
  return modelOf({ file, said: checkpoint ?? file }, recipe, options)
}

/**
 * The model of weights, made as a recipe says, or as they themselves do where there is none.
 *
 * @param weights weights by name, a safetensors file or of PyTorch
 * @throws {InputError} likewise, or when they do not say how their model is made
 */
export async function modelOfWeights(
  weights: string,
  recipe: Recipe | undefined,
  options: AgreementOptions = {},
): Promise<TrainedModel> {
  const file = weightsFile(weights)
  if (!weightsExist(file)) {
    throw new InputError(`${weights}: there are no such weights; name shipped ones or a checkpoint's file`)
  }
  return modelOf({ file, said: weights }, recipe, options)
}

/** Reads weights, once. */
async function modelOf(
  { file, said }: { readonly file: string; readonly said: string },
  asked: Recipe | undefined,
  options: AgreementOptions,
): Promise<TrainedModel> {
  const stored = await readCheckpoint(file, namesFor(asked))
  const recipe = asked ?? recipeOfWeights(said, stored.metadata.recipe)
  const agreement = new AgreementCheck(said, options)
  if (asked) {
    const settings = settingsOfModel(said, stored.metadata, recipe.resolved.known)
    agreement.compareSettings(settings, modelSettings(recipe), stored.under)
  }
  const model = createModel(recipe)
  try {
    assignCheckpoint(file, stored, { model: model.state }, { optional: isDropBlockCounter })
    const learning = learningOfWeights(file, stored.metadata)
    return {
      model,
      recipe,
      checkpoint: said,
      tensors: stored.model,
      sha256: stored.sha256,
      agreement,
      learning,
    }
  } catch (error) {
    model.dispose()
    throw error
  }
}
