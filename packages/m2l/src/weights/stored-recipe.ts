import { InputError } from '@m2l/engine'
import { recipeLevels } from '../levels.js'
import { parseRecipe, type Recipe } from '../recipe/read-recipe.js'

/**
 * What of a recipe a model is made of and sees pictures by, as a text that is kept beside its weights: encoder, levels with
 * all their options, image size, normalisation. It is a recipe itself.
 */
export function storedRecipe(recipe: Recipe): string {
  const { encoder, forward_encoding: encoding, parts, fusion } = recipe.model
  const { image_size, normalisation } = recipe.data
  return JSON.stringify({
    model: {
      encoder,
      ...(encoding !== undefined && { forward_encoding: encoding }),
      parts,
      levels: recipeLevels(recipe),
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
 * @throws {InputError} when there is none, it cannot be read, or it asks for code of others: a file of weights runs none
 */
export function recipeOfWeights(file: string, text: string | undefined): Recipe {
  if (text === undefined) {
    throw new InputError(
      `${file}: does not say how its model is made, as weights from elsewhere and of pretraining do not; name the recipe too (--cfg FILE), or weights that m2l train wrote`,
    )
  }
  const recipe = parseRecipe(requireJson(file, text), file)
  if (recipe.model.imports.length === 0) return recipe
  throw new InputError(
    `${file}: its recipe imports ${recipe.model.imports[0]}, which weights may not; name the recipe itself (--cfg FILE)`,
  )
}

/** JSON is YAML, but has none of its references, which could make a small text a huge recipe. */
function requireJson(file: string, text: string): string {
  try {
    JSON.parse(text)
    return text
  } catch {
    throw new InputError(`${file}: the recipe in it cannot be read; save or copy the file again`)
  }
}
