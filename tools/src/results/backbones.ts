import { cp, mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { trainingState, type WantedTraining } from './currency.js'
import type { QueueFolders } from './queue-folders.js'

const files = ['best.safetensors', 'training.json']

/**
 * Puts the backbone that `results/backbones` has into the run folder of its recipe, as pretraining would have left it.
 *
 * @returns whether there was one, of this recipe, precision and data
 */
export async function takeBackbone(folders: QueueFolders, wanted: WantedTraining): Promise<boolean> {
  const kept = keptFolder(folders, wanted)
  const state = await trainingState({ ...wanted, recipe: { ...wanted.recipe, folder: kept } })
  if (state !== 'complete') return false
  await copy(kept, wanted.recipe.folder)
  return true
}

/** Keeps the backbone that pretraining has left in the run folder of its recipe, for `takeBackbone`. */
export async function keepBackbone(folders: QueueFolders, wanted: WantedTraining): Promise<void> {
  await copy(wanted.recipe.folder, keptFolder(folders, wanted))
}

/** It lies in `backbones` as its run folder does in the folder of runs. */
function keptFolder({ root, runs }: QueueFolders, { recipe }: WantedTraining): string {
  return join(root, 'results', 'backbones', relative(runs, recipe.folder))
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const file of files) await cp(join(from, file), join(to, file))
}
