import { basename, join, resolve } from 'node:path'
import { loadYaml } from '@m2l/datasets'
import { decodeText, InputError, readRegularFile } from '@m2l/engine'
import { YAMLException } from 'js-yaml'
import { importedParts } from './imported-parts.js'
import { ownParts, type KnownParts } from '../model/known-parts.js'
import { describeIssue, keysOf } from './describe-issue.js'
import { applyOverrides, parseOverride, type Override } from './overrides.js'
import { resolveRecipe, type ResolvedData, type ResolvedRecipe } from './resolve-recipe.js'
import { recipeSchemaFor, type RecipeValues } from './schema.js'

/** A checked recipe, where it came from, and what its names stand for. */
export interface Recipe extends Omit<RecipeValues, 'data'> {
  /** The file's name without its ending. */
  readonly name: string
  /** The file, as an absolute path. */
  readonly file: string
  /** Where results go. */
  readonly folder: string
  readonly data: ResolvedData
  readonly resolved: ResolvedRecipe
}

/**
 * Reads a recipe, and runs the modules that it imports.
 *
 * @param file a YAML file
 * @param overrides `key=value` texts with dots between nested keys, for example `train.epochs=3`; a value is YAML, and
 *   none or `null` means the default
 * @throws {InputError} naming the file and the key when it cannot be read, a key is unknown, a value is wrong, or a module cannot
 *   be imported
 */
export async function readRecipe(file: string, overrides: readonly string[] = []): Promise<Recipe> {
  return readRecipeText(await readText(file), file, overrides)
}

/** The same for a text that is at hand; `file` names it and is what its relative paths refer to. */
export async function readRecipeText(
  text: string,
  file: string,
  overrides: readonly string[] = [],
): Promise<Recipe> {
  const given = givenRecipe(text, file, overrides)
  return checkedRecipe(given, await importedParts(importsOf(given.value), resolve(file)))
}

/**
 * The same for a text that imports nothing.
 *
 * @throws {InputError} when it does: importing takes {@link readRecipeText}
 */
export function parseRecipe(text: string, file: string, overrides: readonly string[] = []): Recipe {
  const given = givenRecipe(text, file, overrides)
  const [imported] = importsOf(given.value)
  if (imported === undefined) return checkedRecipe(given, ownParts())
  throw new InputError(
    `${file}: model.imports: ${imported} is not imported here, since that takes time; read the recipe with readRecipe or readRecipeText`,
  )
}

/**
 * What a recipe says, its names not looked up.
 *
 * @param encoders the names that it may give its encoder
 * @throws {InputError} when a key is unknown or a value is wrong
 */
export function recipeValues(text: string, file: string, encoders: readonly string[]): RecipeValues {
  return checkedValues(givenRecipe(text, file, []), encoders)
}

/** What was written, not yet checked. */
interface GivenRecipe {
  readonly file: string
  readonly changes: readonly Override[]
  readonly value: Readonly<Record<string, unknown>>
}

function givenRecipe(text: string, file: string, overrides: readonly string[]): GivenRecipe {
  const changes = overrides.map(parseOverride)
  const value = withoutNulls(applyOverrides(parseYaml(text, file), changes)) as Record<string, unknown>
  const reserved = reservedKey(value)
  if (reserved !== undefined) throw new InputError(`${file}: ${reserved} is not an option; leave it out`)
  return { file, changes, value }
}

/** The modules that a recipe names; none where it is wrong there, which checking it tells. */
function importsOf({ model }: GivenRecipe['value']): readonly string[] {
  const imports = (model as { readonly imports?: unknown } | undefined)?.imports
  return Array.isArray(imports) && imports.every((name) => typeof name === 'string') ? imports : []
}

function checkedRecipe(given: GivenRecipe, known: KnownParts): Recipe {
  const { file } = given
  const values = checkedValues(given, known.backbones.names)
  const { data, resolved } = resolveRecipe(values, known, (path, words) => refusal(given, path, words))
  const name = basename(file).replace(/\.ya?ml$/, '')
  const folder = values.run.folder ?? join('runs', data.dataset, name)
  return { ...values, data, resolved, name, file: resolve(file), folder }
}

function checkedValues(given: GivenRecipe, encoders: readonly string[]): RecipeValues {
  const { value, changes } = given
  const schema = recipeSchemaFor(encoders)
  const parsed = schema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw refusal(given, keysOf(issue), describeIssue(issue, { schema, value }))
  }
  refuseIdleQuery(parsed.data, changes)
  return parsed.data
}

/** Names the override that brought in what is wrong, if one did, or the file. */
function refusal({ file, changes }: GivenRecipe, path: readonly PropertyKey[], words: string): InputError {
  const wrong = path.map(String)
  const override = changes.findLast((change) =>
    change.path.every((key, depth) => key === (wrong[depth] ?? key)),
  )
  return new InputError(`${override?.text ?? file}: ${words}`)
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
