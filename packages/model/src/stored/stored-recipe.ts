import { InputError } from '@m2l/engine'
import { ownParts, type KnownParts } from '../recipe/known-parts.js'
import { recipeLevels } from '../recipe/methods.js'
import {
  checkedRecipe,
  checkedValues,
  resolvedRecipe,
  writtenRecipe,
  type CheckedRecipe,
  type WrittenRecipe,
} from '../recipe/check-recipe.js'
import type { RecipeValues } from '../recipe/schema.js'
import { comparisonOverrides, type CompareBy } from './compare-by.js'

/**
 * What of a recipe a model is made of and sees pictures by, as a text that is kept beside its weights:
 * encoder, levels with all their options, image size, normalisation. It is a recipe itself.
 */
export function storedRecipe({
  model,
  data,
  resolved,
}: Pick<CheckedRecipe, 'model' | 'data' | 'resolved'>): string {
  const { encoder, encoder_options, forward_encoding, parts, fusion } = model
  const { image_size, normalisation } = data
  const levels = Object.fromEntries(resolved.levels.map(({ definition, said }) => [definition.name, said]))
  return JSON.stringify({
    model: { encoder, encoder_options, forward_encoding, parts, levels, fusion },
    data: { image_size, normalisation },
  })
}

/** The recipe that weights were stored with, read once. */
export interface StoredRecipe {
  readonly written: WrittenRecipe
  /** What it says, its names not looked up; its encoder may be one that is not known. */
  readonly values: RecipeValues
}

/**
 * Reads the recipe that weights were stored with.
 *
 * @param file names the weights in errors
 * @param text see {@link storedRecipe}; nothing where the weights came without
 * @throws {InputError} when it cannot be read or imports code
 */
export function readStoredRecipe(file: string, text: string, known?: KnownParts): StoredRecipe
export function readStoredRecipe(
  file: string,
  text: string | undefined,
  known?: KnownParts,
): StoredRecipe | undefined
export function readStoredRecipe(
  file: string,
  text: string | undefined,
  known: KnownParts = ownParts(),
): StoredRecipe | undefined {
  if (text === undefined) return undefined
  const written = writtenRecipe(storedObject(file, text), file)
  const { encoder } = (written.value.model ?? {}) as { readonly encoder?: unknown }
  const own = typeof encoder === 'string' ? [encoder] : []
  const values = checkedValues(written, [...known.backbones.names, ...own])
  const [imported] = values.model.imports
  if (imported === undefined) return { written, values }
  throw new InputError(
    `${file}: its recipe imports ${imported}, which weights may not; name the recipe itself (--cfg FILE)`,
    { code: 'weights' },
  )
}

/**
 * The recipe that weights were stored with, its names looked up among the parts of these packages.
 *
 * @param file names the weights in errors
 * @param by what compares in place of what it says
 * @throws {InputError} when there is none, or it asks for code of others: a file of weights runs none
 */
export function recipeOfWeights(
  file: string,
  stored: StoredRecipe | undefined,
  by: CompareBy = {},
): CheckedRecipe {
  if (stored === undefined) {
    throw new InputError(
      `${file}: does not say how its model is made, as weights from elsewhere and of pretraining do not; name the recipe too (--cfg FILE), or weights that m2l train wrote`,
      { code: 'weights' },
    )
  }
  const { written, values } = stored
  const known = ownParts()
  const ofOthers =
    [values.model.encoder].find((name) => !known.backbones.find(name)) ??
    Object.keys(recipeLevels(values)).find((name) => !known.levels.names.includes(name))
  if (ofOthers !== undefined) {
    throw new InputError(
      `${file}: its model is made with ${ofOthers}, whose code weights do not hold; name the recipe too, which imports it (--cfg FILE)`,
      { code: 'weights' },
    )
  }
  const changes = comparisonOverrides(by, values)
  return changes.length === 0
    ? resolvedRecipe(written, values, known)
    : checkedRecipe(writtenRecipe(written.value, file, changes), known)
}

/** JSON is YAML, but has none of its references, which could make a small text a huge recipe. */
function storedObject(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InputError(`${file}: the recipe in it cannot be read; save or copy the file again`, {
      code: 'weights',
    })
  }
}
