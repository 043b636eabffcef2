import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { squareResize } from '@m2l/pictures'
import { randomKey } from '@m2l/engine'
import { LevelFusion } from '@m2l/metric'
import { globalLevel } from '@m2l/metric-global'
import { adam, disposeState, Linear, sgd, stepDecay, type Optimiser, type StateDict } from '@m2l/nn'
import { sampleEpisodes } from '@m2l/samplers'
import {
  classifierState,
  EpisodeImages,
  holdsRun,
  loadBackbone,
  loadNewest,
  lockRunFolder,
  openRunFolder,
  pretrain,
  removeHalfWritten,
  startPosition,
  trainEpisodes,
  type RunFolder,
  type TrainingPosition,
} from '@m2l/trainer'
import { FewShotModel } from '@m2l/model'
import { drawnPictures } from '../endurance/pictures.js'
import { smallBackbone } from './backbone.js'

/** The folders of the runs of one training, in their order. */
export const runNames = ['pretraining', 'training'] as const

const key = randomKey(1).fold('crash test')
const shape = { ways: 3, shots: 1, queries: 2 }
const run = {
  description: { backbone: 'small', run: 'crash test' },
  schedule: stepDecay({ rate: 0.02, decay: 0.5, every: 1 }),
  epochs: 3,
  checkpointSteps: 8,
  keep: 2,
}

/**
 * A short training from pictures to a best model: pretraining with SGD, then episodes with Adam, both with
 * validations, checkpoints within epochs, and logs. It goes on with what it finds in the folder.
 *
 * @param folder gets a folder for each of `runNames`
 */
export async function trainOnOrAnew(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await pretraining(join(folder, runNames[0]))
  await training(join(folder, runNames[1]), join(folder, runNames[0], 'best.safetensors'))
}

async function pretraining(path: string): Promise<void> {
  const backbone = smallBackbone(key.fold('backbone'))
  const images = imagesOf('train')
  const classifier = new Linear({ key, inputs: backbone.channels, outputs: images.split.classes.length })
  const model = classifierState({ backbone, classifier })
  const optimiser = sgd(model, { momentum: 0.9, nesterov: true, weightDecay: 5e-4 })
  await inRun(
    path,
    model,
    optimiser,
    async () => {},
    (folder, position) =>
      pretrain({
        ...run,
        backbone,
        classifier,
        optimiser,
        images,
        batchSize: 4,
        validation: { ...validation(), firstEpoch: 1, everyEpochs: 1 },
        folder,
        position,
        key: key.fold('pretraining'),
      }),
  )
  disposeState(classifier.state)
  backbone.dispose()
}

async function training(path: string, weights: string): Promise<void> {
  const level = { level: globalLevel(), weight: 1, temperature: 1 }
  const model = new FewShotModel(smallBackbone(key.fold('backbone')), new LevelFusion([level]))
  const optimiser = adam(model.state)
  const begin = () => loadBackbone(weights, model.backbone.state)
  await inRun(path, model.state, optimiser, begin, (folder, position) =>
    trainEpisodes({
      ...run,
      model,
      optimiser,
      images: imagesOf('train'),
      episode: shape,
      episodesPerEpoch: 40,
      batchSize: 2,
      validation: validation(),
      folder,
      position,
      key: key.fold('training'),
    }),
  )
  model.dispose()
}

/** As recipes open their runs. */
async function inRun(
  path: string,
  model: StateDict,
  optimiser: Optimiser,
  begin: () => Promise<void>,
  train: (folder: RunFolder, position: TrainingPosition) => Promise<unknown>,
): Promise<void> {
  const folder = await openRunFolder(path)
  const { release } = await lockRunFolder(path)
  try {
    await removeHalfWritten(folder)
    let position = startPosition
    if (await holdsRun(folder)) {
      const newest = await loadNewest(folder, { model, optimiser: optimiser.state })
      if (newest.damaged.length > 0) throw new Error(newest.damaged.join('\n')) // a kill must damage none
      ;({ position } = newest)
    } else await begin()
    await train(folder, position)
  } finally {
    await release()
    optimiser.dispose()
  }
}

function imagesOf(split: 'train' | 'val'): EpisodeImages {
  const dataset = drawnPictures()
  return new EpisodeImages(dataset, dataset.splits[split]!, {
    whole: squareResize(16),
    jitter: split === 'train',
  })
}

function validation() {
  const images = imagesOf('val')
  const episodes = sampleEpisodes(images.split, { ...shape, key: key.fold('validation'), episodes: 20 })
  return { images, episodes }
}
