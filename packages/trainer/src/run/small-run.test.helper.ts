import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomKey } from '@m2l/engine'
import type { Dataset } from '@m2l/datasets'
import { sgd } from '@m2l/nn'
import { sampleEpisodes } from '@m2l/samplers'
import { colourDataset, colourImages, tinyModel } from '../colours.test.helper.js'
import { loadNewest, openRunFolder, startPosition, trainEpisodes, type EpisodicTraining } from '../index.js'

/** Of the small run. */
export const runKey = randomKey(4)
const shape = { ways: 3, shots: 1, queries: 3 }
const momentum = { momentum: 0.9, nesterov: true, weightDecay: 5e-4 }

export const newFolder = () => mkdtempSync(join(tmpdir(), 'm2l-trainer-'))

/**
 * Trains a tiny model for two epochs of twelve steps of two episodes.
 *
 * @param dataset other pictures than the colours
 * @param resume goes on with the run in the folder
 */
export async function smallRun(
  folder: string,
  changes: Partial<EpisodicTraining> = {},
  { dataset = colourDataset(6, 8), resume = false }: { dataset?: Dataset; resume?: boolean } = {},
) {
  const val = colourImages(colourDataset(6, 8), 'val')
  const model = tinyModel(1)
  const optimiser = sgd(model.state, momentum)
  const files = await openRunFolder(folder)
  const newest = resume
    ? await loadNewest(files, { model: model.state, optimiser: optimiser.state })
    : { position: startPosition, damaged: [] }
  try {
    const outcome = await trainEpisodes({
      model,
      optimiser,
      images: colourImages(dataset, 'train'),
      episode: shape,
      episodesPerEpoch: 24,
      batchSize: 2,
      validation: {
        images: val,
        episodes: sampleEpisodes(val.split, { ...shape, key: runKey, episodes: 10 }),
      },
      folder: files,
      description: { backbone: 'tiny', run: 'test' },
      epochs: 2,
      schedule: (epoch) => 0.05 / (epoch + 1),
      position: newest.position,
      key: runKey,
      ...changes,
    })
    return { outcome, files, damaged: newest.damaged }
  } finally {
    optimiser.dispose()
    model.dispose()
  }
}
