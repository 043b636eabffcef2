import { mkdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { writeFileAtomically } from '@m2l/engine'
import { loadSafetensors, saveSafetensors } from '@m2l/nn'
import { trainingState, type WantedTraining } from './currency.js'
import type { QueueFolders } from './queue-folders.js'

const weights = 'best.safetensors'
const record = 'training.json'

/**
 * Puts the backbone that `results/backbones` has into the run folder of its recipe, from where training takes it as if it had
 * been pretrained there.
 *
 * @returns whether there was one, of this recipe, precision and data
 */
export async function takeBackbone(folders: QueueFolders, wanted: WantedTraining): Promise<boolean> {
  const kept = keptFolder(folders, wanted)
  const state = await trainingState({ ...wanted, recipe: { ...wanted.recipe, folder: kept } })
  if (state !== 'complete') return false
  await mkdir(wanted.recipe.folder, { recursive: true })
  for (const file of [weights, record]) await copy(file, kept, wanted.recipe.folder)
  return true
}

/** Keeps the backbone that pretraining has left in the run folder of its recipe, for `takeBackbone`, without its classifier. */
export async function keepBackbone(folders: QueueFolders, wanted: WantedTraining): Promise<void> {
  const kept = keptFolder(folders, wanted)
  await mkdir(kept, { recursive: true })
  const { tensors, metadata } = await loadSafetensors(join(wanted.recipe.folder, weights))
  const ofBackbone = Object.entries(tensors).filter(([name]) => name.startsWith('model.encoder.'))
  await saveSafetensors(join(kept, weights), Object.fromEntries(ofBackbone), metadata)
  await copy(record, wanted.recipe.folder, kept)
}

/** It lies in `backbones` as its run folder does in the folder of runs. */
function keptFolder({ root, runs }: QueueFolders, { recipe }: WantedTraining): string {
  return join(root, 'results', 'backbones', relative(runs, recipe.folder))
}

async function copy(file: string, from: string, to: string): Promise<void> {
  await writeFileAtomically(join(to, file), await readFile(join(from, file)))
}
