import { basename, join, resolve } from 'node:path'
import { loadYaml } from '@m2l/datasets'
import { decodeText, InputError } from '@m2l/engine'
import { readRegularFile } from '@m2l/engine-native'
import { YAMLException } from 'js-yaml'
import {
  checkedRecipe,
  type CheckedRecipe,
  importsOf,
  ownParts,
  writtenRecipe,
  type WrittenRecipe,
} from '@m2l/model'
import { importedParts } from './imported-parts.js'
import { parseOverride } from './parse-override.js'

/** A checked recipe, what its names stand for, where it came from and where its results go. */
export interface Recipe extends CheckedRecipe {
  /** The file's name without its ending. */
  readonly name: string
  /** The file, as an absolute path. */
  readonly file: string
  /** Where results go. */
  readonly folder: string
}

/**
 * Reads a recipe, and runs the modules that it imports.
 *
 * @param file a YAML file
 * @param overrides `key=value` texts with dots between nested keys, for example `train.epochs=3`; a value is
 *   YAML, and none or `null` means the default
 * @throws {InputError} naming the file and the key when it cannot be read, a key is unknown, a value is
 *   wrong, or a module cannot be imported
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
  const written = writtenText(text, file, overrides)
  return placed(checkedRecipe(written, await importedParts(importsOf(written), resolve(file))))
}

/**
 * The same for a text that imports nothing.
 *
 * @throws {InputError} when it does: importing takes {@link readRecipeText}
 */
export function parseRecipe(text: string, file: string, overrides: readonly string[] = []): Recipe {
  const written = writtenText(text, file, overrides)
  const [imported] = importsOf(written)
  if (imported === undefined) return placed(checkedRecipe(written, ownParts()))
  throw new InputError(
    `${file}: model.imports: ${imported} is not imported here, since that takes time; read the recipe with readRecipe or readRecipeText`,
  )
}

/** A recipe under the name of its file, with the folder where its results go. */
export function placed(recipe: CheckedRecipe): Recipe {
  const { file, run, data } = recipe
  const name = basename(file).replace(/\.ya?ml$/, '')
  return { ...recipe, name, file: resolve(file), folder: run.folder ?? join('runs', data.dataset, name) }
}

function writtenText(text: string, file: string, overrides: readonly string[]): WrittenRecipe {
  const changes = overrides.map(parseOverride)
  return writtenRecipe(parseYaml(text, file), file, changes)
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

function parseYaml(text: string, file: string): unknown {
  try {
    return text.trim() === '' ? {} : loadYaml(text)
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const line = error.mark ? `line ${error.mark.line + 1}: ` : ''
    throw new InputError(`${file}: ${line}expected YAML, but ${error.reason}`)
  }
}
