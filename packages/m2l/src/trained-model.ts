import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { fileExists, loadCheckpoint, type FewShotModel } from '@m2l/trainer'
import { createModel } from './create-model.js'
import type { Recipe } from './recipe/read-recipe.js'
import { isDropBlockCounter, ownName } from './weights/published-names.js'

/** A model with learned weights, which is the caller's to dispose. */
export interface TrainedModel {
  readonly model: FewShotModel
  /** The file that the weights came from. */
  readonly checkpoint: string
}

/**
 * A recipe's model with the weights of a checkpoint.
 *
 * @param checkpoint a safetensors file or of PyTorch; the best of the run folder if not given
 * @throws {InputError} when there is no such file or it does not fit
 */
export async function trainedModel(
  recipe: Recipe,
  checkpoint = join(recipe.folder, 'best.safetensors'),
): Promise<TrainedModel> {
  const model = await createModel(recipe)
  try {
    await requireCheckpoint(checkpoint)
    await loadCheckpoint(
      checkpoint,
      { model: model.state },
      { optional: isDropBlockCounter, rename: ownName },
    )
    return { model, checkpoint }
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
