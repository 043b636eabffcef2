import { existsSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { openEmoji } from '@m2l/dataset-emoji'
import { openDataset, type Dataset, type ImageSplit, type OpenDatasetOptions } from '@m2l/datasets'
import { InputError, span } from '@m2l/engine'
import type { Recipe } from '../recipe/read-recipe.js'

/** What is told while a recipe's data set is opened. */
export interface DataOptions extends Pick<OpenDatasetOptions, 'onPack' | 'onPackProblem' | 'signal'> {
  /** Called while the embedded data set is drawn for the first time. */
  readonly onRender?: (done: number, total: number) => void
  /** Told what a person should know of the data, a line each. */
  readonly onNote?: (line: string) => void
}

/**
 * Tells as a note what makes evaluation or training slow; nothing, where nobody is told notes, leaves it to
 * the engine.
 */
export function notesOfSlowness({ onNote }: Pick<DataOptions, 'onNote'>): {
  onEager?: (reason: string) => void
} {
  if (!onNote) return {}
  return { onEager: (reason) => onNote(`the model runs operation by operation, which is slower: ${reason}`) }
}

/** The splits that recipes use. */
export const splitNames = ['train', 'val', 'test'] as const
export type SplitName = (typeof splitNames)[number]

/**
 * The data set of a recipe.
 *
 * @param splits those that must be complete; others need not be there
 * @throws {InputError} when it cannot be opened, lacks a class of its split, or is embedded while the recipe
 *   names pictures
 */
export async function openRecipeDataset(
  recipe: Recipe,
  splits: readonly SplitName[],
  { onRender, onNote, onPack, onPackProblem, signal }: DataOptions = {},
): Promise<Dataset> {
  const { dataset, image_size: size, split, exclude, pack } = recipe.data
  if (dataset === 'emoji') refuseOtherPictures(recipe)
  const opened = await span('open data set', () =>
    dataset === 'emoji'
      ? openEmoji({
          size,
          onProgress: ({ done, total }) => onRender?.(done, total),
          exclude,
          signal,
        })
      : openDataset({
          root: dataFolder(recipe),
          name: dataset,
          only: splits,
          pack,
          onPack,
          onPackProblem,
          signal,
          split,
          exclude,
        }),
  )
  for (const note of opened.notes) onNote?.(note)
  return opened
}

/** Emoji are embedded: a folder or a split that is named beside them would be passed over. */
function refuseOtherPictures({ file, data }: Recipe): void {
  const key = (['image_dir', 'root', 'split'] as const).find((name) => data[name] !== undefined)
  if (key === undefined) return
  throw new InputError(
    `${file}: data.${key} is ${data[key]}, but data.dataset emoji is embedded and reads none; leave out data.${key}, or name your pictures otherwise with data.dataset`,
  )
}

/**
 * Where a recipe's images are: `data.image_dir` below `data.root`. Without it, as in the published program,
 * the folder that is named like the recipe's own, so that `configs/miniImagenet/MML_N5K1_R12.yaml` reads
 * `data/miniImagenet`; where a given root holds no such folder, the root itself.
 */
export function dataFolder({ file, data: { root, image_dir: folder } }: Recipe): string {
  if (folder !== undefined) return resolve(root ?? '.', folder)
  const published = resolve(root ?? 'data', basename(dirname(file)))
  return root === undefined || existsSync(published) ? published : resolve(root)
}

/**
 * A split of the recipe's data set.
 *
 * @throws {InputError} when the data set has no such split
 */
export function requireSplit(recipe: Recipe, dataset: Dataset, name: SplitName): ImageSplit {
  const split = dataset.splits[name]
  if (split) return split
  const found = Object.keys(dataset.splits).join(', ') || 'none'
  throw new InputError(
    `${recipe.file}: data set ${dataset.name} has no split ${name} (it has ${found}); name a split file with data.split or arrange the classes in folders train, val and test`,
  )
}
