import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomKey } from '@m2l/engine'
import { parseRecipe } from '@m2l/m2l'
import { createModel, episodeTransforms, type FewShotModel } from '@m2l/model'
import { sgd } from '@m2l/nn'
import { sampleEpisodes } from '@m2l/samplers'
import { EpisodeImages, evaluate, openRunFolder, startPosition, trainEpisodes } from '@m2l/trainer'
import { drawnPictures } from '../endurance/pictures.js'
import { quartersOf, sampleAt, type Quarters, type Sample } from './samples.js'

/** How long the soak is. */
export interface SoakLength {
  /** Training steps. */
  readonly steps: number
  /** Evaluation episodes. */
  readonly episodes: number
}

/** What one kind of work left. */
export interface SoakedWork extends Quarters {
  readonly work: 'training' | 'evaluation'
  readonly done: number
  readonly unit: 'steps' | 'episodes'
  readonly seconds: number
  readonly samples: readonly Sample[]
}

/** How many samples are taken of so many steps or episodes: a quarter has ten, and at least two. */
const samplesOf = (amount: number) => Math.min(40, Math.max(8, Math.floor(amount / 50)))

const recipe = parseRecipe(
  `
model: { encoder: FourLayer_64F_4x, forward_encoding: 'Grid-2', parts: map }
data: { image_size: 16, normalisation: cifar }
`,
  'soak.yaml',
)
const shape = { ways: 2, shots: 1, queries: 1 }
const key = randomKey(1).fold('soak')

/**
 * Trains and evaluates a small M2L on drawn pictures for long, and measures whether what the process holds
 * grows.
 *
 * @param say receives a line now and then
 */
export async function soak(
  { steps, episodes }: SoakLength,
  say: (line: string) => void,
): Promise<SoakedWork[]> {
  const model = createModel(recipe)
  try {
    return [await soakTraining(model, steps, say), await soakEvaluation(model, episodes, say)]
  } finally {
    model.dispose()
  }
}

function imagesOf(split: 'train' | 'val' | 'test'): EpisodeImages {
  const dataset = drawnPictures()
  return new EpisodeImages(dataset, dataset.splits[split]!, episodeTransforms(recipe))
}

/** A run with all that belongs to one: batches ahead, checkpoints, validations, logs. */
async function soakTraining(
  model: FewShotModel,
  steps: number,
  say: (line: string) => void,
): Promise<SoakedWork> {
  const start = performance.now()
  const epochs = Math.min(10, Math.floor(steps / 100))
  const stepsPerEpoch = Math.ceil(steps / epochs)
  const every = multipleOfTen(steps / samplesOf(steps))
  const samples: Sample[] = []
  const folder = await mkdtemp(join(tmpdir(), 'm2l-soak-'))
  const optimiser = sgd(model.state, { momentum: 0.9, nesterov: true, weightDecay: 5e-4 })
  const val = imagesOf('val')
  try {
    await trainEpisodes({
      model,
      optimiser,
      images: imagesOf('train'),
      episode: shape,
      episodesPerEpoch: stepsPerEpoch,
      batchSize: 1,
      validation: {
        images: val,
        episodes: sampleEpisodes(val.split, { ...shape, key: key.fold('val'), episodes: 100 }),
      },
      folder: await openRunFolder(folder),
      description: { backbone: model.backbone.name, run: 'soak' },
      epochs,
      schedule: () => 1e-3,
      position: startPosition,
      key,
      onProgress({ phase, epoch, done }) {
        if (phase !== 'train') return
        const total = (epoch! - 1) * stepsPerEpoch + done
        if (done === 0 || total % every !== 0) return
        samples.push(sampleAt(total))
        say(lineOf('training steps', samples.at(-1)!))
      },
    })
  } finally {
    optimiser.dispose()
    await rm(folder, { recursive: true })
  }
  return {
    work: 'training',
    done: epochs * stepsPerEpoch,
    unit: 'steps',
    ...quartersOf(samples),
    seconds: (performance.now() - start) / 1000,
    samples,
  }
}

/** Evaluations one after the other; what is measured lies between them, when their results are gone. */
async function soakEvaluation(
  model: FewShotModel,
  episodes: number,
  say: (line: string) => void,
): Promise<SoakedWork> {
  const start = performance.now()
  const images = imagesOf('test')
  const rounds = samplesOf(episodes)
  const each = Math.ceil(episodes / rounds)
  const samples: Sample[] = []
  for (let round = 0; round < rounds; round++) {
    const drawn = { ...shape, key: key.fold('test', round), episodes: each }
    await evaluate({ model, images, episodes: sampleEpisodes(images.split, drawn) })
    samples.push(sampleAt((round + 1) * each))
    say(lineOf('evaluation episodes', samples.at(-1)!))
  }
  return {
    work: 'evaluation',
    done: rounds * each,
    unit: 'episodes',
    ...quartersOf(samples),
    seconds: (performance.now() - start) / 1000,
    samples,
  }
}

/** Losses are read, and their tensors freed, every ten steps. */
function multipleOfTen(value: number): number {
  return 10 * Math.max(1, Math.floor(value / 10))
}

function lineOf(what: string, { done, residentMib, tensors, handles }: Sample): string {
  return `${done} ${what}: ${residentMib.toFixed(1)} MiB, ${tensors} tensors, ${handles} open files`
}
