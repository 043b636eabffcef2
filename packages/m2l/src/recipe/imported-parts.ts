import { importPart } from './import-module.js'
import { ownParts, type KnownParts } from '@m2l/model'

/**
 * The backbones and levels of these packages and those that a recipe imports, `model.imports`, whose code
 * runs.
 *
 * @param recipeFile what paths are relative to, absolute
 * @throws {InputError} when a module cannot be imported, its default export is neither, or its name is taken
 */
export async function importedParts(imports: readonly string[], recipeFile: string): Promise<KnownParts> {
  const known = ownParts()
  for (const name of imports) {
    const part = await importPart(name, recipeFile)
    if ('input' in part) known.backbones.register(part)
    else known.levels.register(part)
  }
  return known
}
