import { join } from 'node:path'
import { InputError } from '@m2l/engine'
import { assignCheckpoint, readCheckpoint, type FewShotModel } from '@m2l/trainer'
import { AgreementCheck, type AgreementOptions } from './agreement/agreement.js'
import { modelSettings } from './agreement/model-settings.js'
import type { Learning } from './agreement/seen-classes.js'
import { createModel } from './create-model.js'
import { levelRegistry } from './levels.js'
import type { Recipe } from './recipe/read-recipe.js'
import { isDropBlockCounter, ownName } from './weights/published-names.js'
import { weightsExist, weightsFile } from './weights/weights-file.js'
import { learningOfWeights, settingsOfModel } from './weights/stored-facts.js'

/** A model with learned weights, which is the caller's to dispose. */
export interface TrainedModel {
  readonly model: FewShotModel
  /** Where the weights came from, as it was named. */
  readonly checkpoint: string
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
 * @param checkpoint shipped weights by name, a safetensors file or of PyTorch; the best of the run folder if not given
 * @throws {InputError} when there is no such file, it does not fit, or it was trained with other settings and is not to be
 *   taken nevertheless
 */
export async function trainedModel(
  recipe: Recipe,
  checkpoint?: string,
  options: AgreementOptions = {},
): Promise<TrainedModel> {
  const file = checkpoint === undefined ? join(recipe.folder, 'best.safetensors') : weightsFile(checkpoint)
  await requireCheckpoint(file)
  const stored = await readCheckpoint(file, ownName)
  const agreement = new AgreementCheck(checkpoint ?? file, options)
  const registry = await levelRegistry(recipe)
  agreement.compareSettings(
    settingsOfModel(file, stored.metadata, registry),
    modelSettings(recipe, registry),
    stored.under,
  )
  const model = await createModel(recipe)
  try {
    assignCheckpoint(file, stored, { model: model.state }, { optional: isDropBlockCounter })
    const learning = learningOfWeights(file, stored.metadata)
    return { model, checkpoint: checkpoint ?? file, sha256: stored.sha256, agreement, learning }
  } catch (error) {
    model.dispose()
    throw error
  }
}

async function requireCheckpoint(file: string): Promise<void> {
  if (weightsExist(file)) return
  throw new InputError(
    `${file}: there is no such checkpoint; train first (m2l train), or name a checkpoint's file with --checkpoint`,
  )
}
