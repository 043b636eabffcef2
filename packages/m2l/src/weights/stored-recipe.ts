import { InputError } from '@m2l/engine'
import { ownParts } from '../model/known-parts.js'
import { recipeLevels } from '../model/methods.js'
import { parseRecipe, recipeValues, type Recipe } from '../recipe/read-recipe.js'
import type { RecipeValues } from '../recipe/schema.js'
import { comparisonOverrides, type CompareBy } from './compare-by.js'

/**
 * What of a recipe a model is made of and sees pictures by, as a text that is kept beside its weights: encoder, levels with
 * all their options, image size, normalisation. It is a recipe itself.
 */
export function storedRecipe(recipe: Recipe): string {
  const { encoder, encoder_options: options, forward_encoding: encoding, parts, fusion } = recipe.model
  const { image_size, normalisation } = recipe.data
  return JSON.stringify({
    model: {
      encoder,
      ...(options !== undefined && { encoder_options: options }),
      ...(encoding !== undefined && { forward_encoding: encoding }),
      parts,
      levels: Object.fromEntries(
        recipe.resolved.levels.map(({ definition, said }) => [definition.name, said]),
      ),
      fusion,
    },
    data: { image_size, normalisation },
  })
}

/**
 * The recipe that weights were stored with.
 *
 * @param file names the weights in errors
 * @param text see {@link storedRecipe}; nothing where the weights came without
 * @param by what compares in place of what it says
 * @throws {InputError} when there is none, it cannot be read, or it asks for code of others: a file of weights runs none
 */
export function recipeOfWeights(file: string, text: string | undefined, by: CompareBy = {}): Recipe {
  if (text === undefined) {
    throw new InputError(
      `${file}: does not say how its model is made, as weights from elsewhere and of pretraining do not; name the recipe too (--cfg FILE), or weights that m2l train wrote`,
    )
  }
  const { backbones, levels } = ownParts()
  const values = storedValues(file, text, backbones.names)
  const ofOthers =
    [values.model.encoder].find((name) => !backbones.find(name)) ??
    Object.keys(recipeLevels(values)).find((name) => !levels.names.includes(name))
  if (ofOthers === undefined)
    return parseRecipe(text, file, comparisonOverrides(by, storedObject(file, text)))
  throw new InputError(
    `${file}: its model is made with ${ofOthers}, whose code weights do not hold; name the recipe too, which imports it (--cfg FILE)`,
  )
}

/**
 * What that recipe says, its names not looked up.
 *
 * @param encoders the names of encoders that are known; that of the weights itself may be another
 * @throws {InputError} when it cannot be read or imports code
 */
export function storedValues(file: string, text: string, encoders: readonly string[]): RecipeValues {
  const { model } = storedObject(file, text)
  const own = typeof model?.encoder === 'string' ? [model.encoder] : []
  const values = recipeValues(text, file, [...encoders, ...own])
  const [imported] = values.model.imports
  if (imported === undefined) return values
  throw new InputError(
    `${file}: its recipe imports ${imported}, which weights may not; name the recipe itself (--cfg FILE)`,
  )
}

interface StoredObject {
  readonly model?: { readonly encoder?: unknown; readonly forward_encoding?: unknown }
}

/** JSON is YAML, but has none of its references, which could make a small text a huge recipe. */
function storedObject(file: string, text: string): StoredObject {
  try {
    return JSON.parse(text) as StoredObject
  } catch {
    throw new InputError(`${file}: the recipe in it cannot be read; save or copy the file again`)
  }
}
