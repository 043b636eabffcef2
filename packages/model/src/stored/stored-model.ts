import { sha256 } from '@m2l/engine'
import { assignCheckpoint } from '../checkpoint/assign-checkpoint.js'
import type { OwnCheckpoint, Tensors } from '../checkpoint/own-checkpoint.js'
import { createModel } from '../from-recipe/create-model.js'
import type { FewShotModel } from '../model/few-shot-model.js'
import type { CheckedRecipe } from '../recipe/check-recipe.js'
import { isDropBlockCounter } from './published-names.js'
import { readStoredRecipe, recipeOfWeights, storedRecipe } from './stored-recipe.js'

/** A model as its weights say that it is made. */
export interface StoredModel {
  /** The caller's to dispose. */
  readonly model: FewShotModel
  readonly recipe: CheckedRecipe
  /** See {@link modelFingerprint}. */
  readonly fingerprint: string
}

/**
 * The model of a checkpoint of ours.
 *
 * @param source names it in errors
 * @throws {InputError} when it does not say how its model is made, or its tensors are not those of that model
 */
export function storedModel(stored: OwnCheckpoint, source: string): StoredModel {
  const recipe = recipeOfWeights(source, readStoredRecipe(source, stored.metadata.recipe))
  const model = createModel(recipe)
  try {
    assignCheckpoint(source, stored, { model: model.state }, { optional: isDropBlockCounter })
    model.metric.requireReady()
    return { model, recipe, fingerprint: modelFingerprint(recipe, stored.model) }
  } catch (error) {
    model.dispose()
    throw error
  }
}

/** Names a model by all that decides its embeddings: a SHA-256 in hexadecimal. */
export function modelFingerprint(recipe: CheckedRecipe, tensors: Tensors): string {
  const encoder = new TextEncoder()
  const pieces = Object.keys(tensors)
    .toSorted()
    .flatMap((name) => {
      const { shape, data } = tensors[name]!
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      return [encoder.encode(`${name} [${shape}]`), bytes]
    })
  return sha256(encoder.encode(storedRecipe(recipe)), ...pieces)
}
