import { InputError } from '@m2l/engine'
import type { CheckedRecipe } from '../recipe/check-recipe.js'
import { saidEncoding } from '../recipe/forward-encodings.js'
import type { Override } from '../recipe/overrides.js'
import type { RecipeValues } from '../recipe/schema.js'

/** What a person says of how embeddings are compared, in place of what weights say or examples choose. */
export interface CompareBy {
  /**
   * The level that compares, with its defaults: `logistic`, `ridge`, `gda`, `nearest-mean`, `cache`,
   * `matching`, `probe`, …
   */
  readonly head?: string | undefined
  /**
   * What it sees of a picture, as `model.forward_encoding` of a recipe: `Centre-stage6,head`, `Mean`, `FCN`,
   * …
   */
  readonly features?: string | undefined
}

/** Levels whose scores are for another temperature than 1 where nobody says one. */
const temperatures: Readonly<Record<string, number>> = { centred: 0.1, global: 64 }

/**
 * The changes of a stored recipe that this asks for.
 *
 * @param stored what it says
 * @param recipe that of the command, if any, which says itself how is compared
 * @throws {InputError} when there is one
 */
export function comparisonOverrides(
  { head, features }: CompareBy,
  stored?: Pick<RecipeValues, 'model'>,
  recipe?: Pick<CheckedRecipe, 'file'>,
): Override[] {
  if (head === undefined && features === undefined) return []
  if (recipe) {
    throw new InputError(
      `${recipe.file}: says itself what compares (model.levels, model.forward_encoding); change it there, or leave out ${head === undefined ? 'the features' : 'the head'}`,
    )
  }
  const isPooled = saidEncoding(stored?.model.forward_encoding).kind === 'pooled'
  const encoding = features ?? (isPooled ? undefined : 'Mean')
  return [
    ...(encoding === undefined ? [] : [change('forward_encoding', encoding)]),
    ...(head === undefined
      ? []
      : [
          change('levels', { [head]: { temperature: temperatures[head] ?? 1 } }),
          change('fusion', 'consistent'),
        ]),
  ]
}

function change(key: keyof RecipeValues['model'], value: unknown): Override {
  const shown = typeof value === 'string' ? value : JSON.stringify(value)
  return { text: `model.${key}=${shown}`, path: ['model', key], value }
}
