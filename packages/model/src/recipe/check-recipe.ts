import { InputError } from '@m2l/engine'
import type { KnownParts } from './known-parts.js'
import { describeIssue, keysOf } from './describe-issue.js'
import { applyOverrides, type Override } from './overrides.js'
import { resolveRecipe, type ResolvedData, type ResolvedRecipe } from './resolve-recipe.js'
import { recipeSchemaFor, type RecipeValues } from './schema.js'

/** A checked recipe, and what its names stand for. */
export interface CheckedRecipe extends Omit<RecipeValues, 'data'> {
  /** What messages call it, usually a path. */
  readonly file: string
  readonly data: ResolvedData
  readonly resolved: ResolvedRecipe
}

/** A recipe as it was written, with its changes, not yet checked. */
export interface WrittenRecipe {
  readonly file: string
  readonly changes: readonly Override[]
  readonly value: Readonly<Record<string, unknown>>
}

/**
 * A recipe as a document holds it, with some keys changed.
 *
 * @param value keys and values; a key without a value has its default
 * @param file what messages call it
 * @throws {InputError} when it holds no keys, an override passes through a value, or a key has a name that
 *   data cannot have
 */
export function writtenRecipe(
  value: unknown,
  file: string,
  changes: readonly Override[] = [],
): WrittenRecipe {
  const given = value ?? {}
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new InputError(
      `${file}: expected keys and values such as \`k_shot: 1\`, found ${JSON.stringify(given).slice(0, 60)}`,
      { code: 'recipe' },
    )
  }
  const changed = withoutNulls(applyOverrides(given as Record<string, unknown>, changes))
  const reserved = reservedKey(changed)
  if (reserved !== undefined)
    throw new InputError(`${file}: ${reserved} is not an option; leave it out`, { code: 'recipe' })
  return { file, changes, value: changed as Record<string, unknown> }
}

/** The modules that a recipe names; none where it is wrong there, which checking it tells. */
export function importsOf({ value: { model } }: WrittenRecipe): readonly string[] {
  const imports = (model as { readonly imports?: unknown } | undefined)?.imports
  return Array.isArray(imports) && imports.every((name) => typeof name === 'string') ? imports : []
}

/**
 * A recipe with its names looked up.
 *
 * @param known what they can stand for
 * @throws {InputError} naming the file or the override, and the key, when a key is unknown or a value is
 *   wrong
 */
export function checkedRecipe(written: WrittenRecipe, known: KnownParts): CheckedRecipe {
  return resolvedRecipe(written, checkedValues(written, known.backbones.names), known)
}

/**
 * What a recipe says, its names not looked up.
 *
 * @param encoders the names that it may give its encoder
 * @throws {InputError} when a key is unknown or a value is wrong
 */
export function checkedValues(written: WrittenRecipe, encoders: readonly string[]): RecipeValues {
  const { value, changes } = written
  const schema = recipeSchemaFor(encoders)
  const parsed = schema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw refusal(written, keysOf(issue), describeIssue(issue, { schema, value }))
  }
  refuseIdleQuery(parsed.data, changes)
  return parsed.data
}

/**
 * Checked values with their names looked up.
 *
 * @throws {InputError} when a level is not known, or an option of the encoder or a level is wrong
 */
export function resolvedRecipe(
  written: WrittenRecipe,
  values: RecipeValues,
  known: KnownParts,
): CheckedRecipe {
  const { data, resolved } = resolveRecipe(values, known, (path, words) => refusal(written, path, words))
  return { ...values, data, resolved, file: written.file }
}

/** Names the override that brought in what is wrong, if one did, or the file. */
function refusal({ file, changes }: WrittenRecipe, path: readonly PropertyKey[], words: string): InputError {
  const wrong = path.map(String)
  const override = changes.findLast((change) =>
    change.path.every((key, depth) => key === (wrong[depth] ?? key)),
  )
  return new InputError(`${override?.text ?? file}: ${words}`, { code: 'recipe' })
}

/** A key without a value has its default. */
function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNulls(inner)]))
}

/** The path of a key `__proto__`, which schemas pass over. */
function reservedKey(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') return key
    const below = reservedKey(inner)
    if (below !== undefined) return `${key}.${below}`
  }
  return undefined
}

/** Levels by name come before a query, so that an override of the query would silently change nothing. */
function refuseIdleQuery({ model }: RecipeValues, overrides: readonly Override[]): void {
  const query = overrides.findLast(({ path, value }) => path.join('.') === 'model.query' && value !== null)
  if (!query || !model.levels) return
  throw new InputError(
    `${query.text}: changes nothing, since the recipe names its levels itself under model.levels; add model.levels=null to leave them out`,
    { code: 'recipe' },
  )
}
