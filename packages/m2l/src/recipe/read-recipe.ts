import { basename, dirname, join, resolve } from 'node:path'
import { loadYaml } from '@m2l/datasets'
import { decodeText, InputError, readRegularFile } from '@m2l/engine'
import { YAMLException } from 'js-yaml'
import type { z } from 'zod'
import { weightsFile } from '../weights/weights-file.js'
import { describeIssue } from './describe-issue.js'
import { applyOverrides, parseOverride, type Override } from './overrides.js'
import { recipeSchema, type RecipeValues } from './schema.js'

/** A checked recipe, and where it came from. */
export interface Recipe extends RecipeValues {
  /** The file's name without its ending. */
  readonly name: string
  /** The file, as an absolute path. */
  readonly file: string
  /** Where results go. */
  readonly folder: string
}

/**
 * Reads a recipe.
 *
 * @param file a YAML file
 * @param overrides `key=value` texts with dots between nested keys, for example `train.epochs=3`; a value is YAML, and
 *   none or `null` means the default
 * @throws {InputError} naming the file and the key when it cannot be read, a key is unknown, or a value is wrong
 */
export async function readRecipe(file: string, overrides: readonly string[] = []): Promise<Recipe> {
  return parseRecipe(await readText(file), file, overrides)
}

/** The same for a text that is at hand; `file` names it and is what its relative paths refer to. */
export function parseRecipe(text: string, file: string, overrides: readonly string[] = []): Recipe {
  const changes = overrides.map(parseOverride)
  const value = withoutNulls(applyOverrides(parseYaml(text, file), changes)) as Record<string, unknown>
  const reserved = reservedKey(value)
  if (reserved !== undefined) throw new InputError(`${file}: ${reserved} is not an option; leave it out`)
  const parsed = recipeSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new InputError(
      `${sourceOf(issue!, changes) ?? file}: ${describeIssue(issue!, { schema: recipeSchema, value })}`,
    )
  }
  refuseIdleQuery(parsed.data, changes)
  const name = basename(file).replace(/\.ya?ml$/, '')
  const values = parsed.data
  const folder = values.run.folder ?? join('runs', values.data.dataset, name)
  return { ...values, name, file: resolve(file), folder }
}

/**
 * Where the backbone's first weights are, if the recipe names them: those shipped under this name, or a file.
 *
 * @throws {InputError} when it is a plain name, neither of shipped weights nor of a file
 */
export function initialWeights(recipe: Recipe): string | undefined {
  const { weights } = recipe.model
  return weights === undefined
    ? undefined
    : weightsFile(weights, dirname(recipe.folder), `${recipe.file}: model.weights: `)
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readRegularFile(file)
  } catch (error) {
    if (error instanceof InputError) throw error
    const { code } = error as NodeJS.ErrnoException
    const reason =
      code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? String(error)})`
    throw new InputError(`${file}: expected a recipe, a YAML file, but ${reason}`)
  }
  return decodeText(bytes, file)
}

function parseYaml(text: string, file: string): Record<string, unknown> {
  let value: unknown
  try {
    value = text.trim() === '' ? {} : (loadYaml(text) ?? {})
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const line = error.mark ? `line ${error.mark.line + 1}: ` : ''
    throw new InputError(`${file}: ${line}expected YAML, but ${error.reason}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(
      `${file}: expected keys and values such as \`k_shot: 1\`, found ${JSON.stringify(value).slice(0, 60)}`,
    )
  }
  return value as Record<string, unknown>
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
  )
}

/** The override that brought in what is wrong, if one did. */
function sourceOf(issue: z.core.$ZodIssue, overrides: readonly Override[]): string | undefined {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const wrong = [...issue.path, ...unknown].map(String)
  return overrides.findLast(({ path }) => path.every((key, depth) => key === (wrong[depth] ?? key)))?.text
}
