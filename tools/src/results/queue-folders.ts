import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { InputError } from '@m2l/engine'
import { readRecipe, type Recipe } from '@m2l/m2l'
import { namedRecipe, type PlannedResult } from './plan.js'

/** Where the queue finds and leaves things. */
export interface QueueFolders {
  /** Of the repository. */
  readonly root: string
  /** Where checkpoints and predictions go. */
  readonly runs: string
  /** Where the images of data sets are, each as a folder or an archive; embedded ones need none. */
  readonly data?: string
  /** `key=value` for every recipe, after all else. */
  readonly overrides: readonly string[]
}

/** A recipe with the words that make it of its file. */
export interface QueuedRecipe {
  readonly recipe: Recipe
  readonly file: string
  readonly overrides: readonly string[]
}

/** The recipe of a result, whose run folder is that of its evaluation. */
export function recipeOfResult(folders: QueueFolders, result: PlannedResult): Promise<QueuedRecipe> {
  return queuedRecipe(folders, result, result.recipe, result.id, result.set)
}

/** The pretraining that a result's training starts from; nothing where it starts from random weights. */
export async function pretrainingOf(
  folders: QueueFolders,
  result: PlannedResult,
): Promise<QueuedRecipe | undefined> {
  const { recipe } = await recipeOfResult(folders, result)
  const { weights } = recipe.model
  if (weights === undefined) return undefined
  const name = `${namedRecipe(result.recipe).dataset}/${weights.split('/')[0]}`
  return queuedRecipe(folders, result, name, name, [])
}

async function queuedRecipe(
  folders: QueueFolders,
  { seed }: PlannedResult,
  name: string,
  runFolder: string,
  set: readonly string[],
): Promise<QueuedRecipe> {
  const file = join(folders.root, 'configs', `${name}.yaml`)
  const own = [
    ...set,
    `seed=${seed}`,
    `run.folder=${JSON.stringify(join(folders.runs, `seed${seed}`, runFolder))}`,
  ]
  const { data } = await readRecipe(file, own)
  const images = data.image_dir === undefined ? [] : [imagesOf(folders, data.image_dir)]
  const overrides = [...own, ...images, ...folders.overrides]
  return { recipe: await readRecipe(file, overrides), file, overrides }
}

function imagesOf({ data }: QueueFolders, folder: string): string {
  const name = basename(folder)
  if (data === undefined)
    throw new InputError(`${name} is needed; name the folder that holds it with --data-root FOLDER`)
  const found = ['', '.zip', '.tar.gz', '.tgz', '.tar']
    .map((ending) => join(data, name + ending))
    .find(existsSync)
  if (found === undefined) throw new InputError(`${data}: holds neither a folder ${name} nor ${name}.zip`)
  return `data.image_dir=${JSON.stringify(found)}`
}
