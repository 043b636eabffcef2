import { mkdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { writeFileAtomically } from '@m2l/engine-native'
import { loadSafetensors, saveSafetensors } from '@m2l/nn/files'
import { trainingState, type WantedTraining } from './currency.js'
import type { QueueFolders } from './queue-folders.js'

const weights = 'best.safetensors'
const record = 'training.json'

/**
 * Puts the weights that `results/weights` has into the run folder of their recipe, as if they had been
 * trained there.
 *
 * @returns whether there were any, of this recipe, precision, data and beginning
 */
export async function takeWeights(folders: QueueFolders, wanted: WantedTraining): Promise<boolean> {
  if (!(await areKept(folders, wanted))) return false
  await mkdir(wanted.recipe.folder, { recursive: true })
  for (const file of [weights, record]) await copy(file, keptFolder(folders, wanted), wanted.recipe.folder)
  return true
}

/** Whether `results/weights` has weights of this recipe, precision, data and beginning. */
export async function areKept(folders: QueueFolders, wanted: WantedTraining): Promise<boolean> {
  const kept = { ...wanted.recipe, folder: keptFolder(folders, wanted) }
  return (await trainingState({ ...wanted, recipe: kept })) === 'complete'
}

/**
 * Keeps the weights that training has left in the run folder of its recipe, for `takeWeights`; of pretraining
 * only the backbone, without its classifier.
 */
export async function keepWeights(folders: QueueFolders, { recipe }: WantedTraining): Promise<void> {
  const kept = keptFolder(folders, { recipe })
  await mkdir(kept, { recursive: true })
  const { tensors, metadata } = await loadSafetensors(join(recipe.folder, weights))
  const isKept = (name: string) => !name.startsWith('model.classifier.')
  const keptTensors = Object.fromEntries(Object.entries(tensors).filter(([name]) => isKept(name)))
  await saveSafetensors(join(kept, weights), keptTensors, metadata)
  await copy(record, recipe.folder, kept)
}

/** They lie in `weights` as their run folder does in the folder of runs. */
function keptFolder({ root, runs }: QueueFolders, { recipe }: Pick<WantedTraining, 'recipe'>): string {
  return join(root, 'results', 'weights', relative(runs, recipe.folder))
}

async function copy(file: string, from: string, to: string): Promise<void> {
  await writeFileAtomically(join(to, file), await readFile(join(from, file)))
}
