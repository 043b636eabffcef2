import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { InputError } from '@m2l/engine'
import { load } from 'js-yaml'
import { describeIssue } from './describe-issue.js'
import { applyOverrides } from './overrides.js'
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
 * @param overrides `key=value` texts with dots between nested keys, for example `train.epochs=3`; a value is YAML
 * @throws {InputError} naming the file and the key when it cannot be read, a key is unknown, or a value is wrong
 */
export async function readRecipe(file: string, overrides: readonly string[] = []): Promise<Recipe> {
  return parseRecipe(await readText(file), file, overrides)
}

/** The same for a text that is at hand; `file` names it and is what its relative paths refer to. */
export function parseRecipe(text: string, file: string, overrides: readonly string[] = []): Recipe {
  const parsed = recipeSchema.safeParse(applyOverrides(parseYaml(text, file), overrides))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new InputError(`${file}: ${describeIssue(issue!, recipeSchema)}`)
  }
  const name = basename(file).replace(/\.ya?ml$/, '')
  const values = parsed.data
  const folder = values.run.folder ?? join('runs', values.data.dataset, name)
  return { ...values, name, file: resolve(file), folder }
}

/** Where the backbone's first weights are, if the recipe names them. */
export function initialWeights(recipe: Recipe): string | undefined {
  const { weights } = recipe.model
  return weights === undefined ? undefined : resolve(dirname(recipe.folder), weights)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new InputError(`${file}: expected a recipe in YAML, but the file cannot be read (${reason})`)
  }
}

function parseYaml(text: string, file: string): Record<string, unknown> {
  let value: unknown
  try {
    value = load(text) ?? {}
  } catch (error) {
    const [reason] = (error as Error).message.split('\n')
    throw new InputError(`${file}: expected YAML; ${reason}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(
      `${file}: expected keys and values such as \`k_shot: 1\`, found ${JSON.stringify(value)}`,
    )
  }
  return value as Record<string, unknown>
}
