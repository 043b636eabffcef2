import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { fileExists, loadCheckpoint, type FewShotModel } from '@m2l/trainer'
import { createModel } from './create-model.js'
import type { Recipe } from './recipe/read-recipe.js'
import { isDropBlockCounter, ownName } from './weights/published-names.js'
import { weightsFile } from './weights/shipped-weights.js'

/** A model with learned weights, which is the caller's to dispose. */
export interface TrainedModel {
  readonly model: FewShotModel
  /** Where the weights came from, as it was named. */
  readonly checkpoint: string
}

/**
 * A recipe's model with the weights of a checkpoint.
 *
 * @param checkpoint shipped weights by name, a safetensors file or of PyTorch; the best of the run folder if not given
 * @throws {InputError} when there is no such file or it does not fit
 */
export async function trainedModel(recipe: Recipe, checkpoint?: string): Promise<TrainedModel> {
  const model = await createModel(recipe)
  try {
    const file = checkpoint === undefined ? join(recipe.folder, 'best.safetensors') : weightsFile(checkpoint)
    await requireCheckpoint(file)
    await loadCheckpoint(file, { model: model.state }, { optional: isDropBlockCounter, rename: ownName })
    return { model, checkpoint: checkpoint ?? file }
  } catch (error) {
    model.dispose()
    throw error
  }
}

async function requireCheckpoint(file: string): Promise<void> {
  if (await fileExists(file)) return
  throw new InputError(
    `${file}: there is no such checkpoint; train first (m2l train), or name a checkpoint's file with --checkpoint`,
  )
}
