import type { Dataset, ImageSplit } from '@m2l/datasets'
import type { RgbImage } from '@m2l/pictures'
import { loadEngine, randomKey, tf } from '@m2l/engine'
import { sgd } from '@m2l/nn'
import { sampleEpisodes } from '@m2l/samplers'
import { EpisodeImages, episodeStep, evaluate } from '@m2l/trainer'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseRecipe } from '../index.js'
import { createModel, disposeEpisode, episodeTransforms } from '@m2l/model'
import { semiSupervision } from '../data/semi-supervision.js'

beforeAll(async () => {
  await loadEngine()
})

/** Pictures of noise around a colour and a slope of their class. */
function slopes(): { dataset: Dataset; split: ImageSplit } {
  const [classes, imagesPerClass] = [4, 12]
  const split: ImageSplit = {
    name: 'test',
    classes: Array.from({ length: classes }, (_, index) => ({
      name: String(index),
      images: Array.from({ length: imagesPerClass }, (_image, image) => ({ id: `${index}/${image}` })),
    })),
    hash: 'slopes',
  }
  const read = async ({ id }: { id: string }) => slope(id)
  const readMany: Dataset['readMany'] = (records) => Promise.all(records.map(read))
  return {
    dataset: {
      name: 'slopes',
      leftOut: [],
      notes: [],
      splits: { test: split },
      read,
      readMany,
      close: async () => {},
    },
    split,
  }
}

function slope(id: string): RgbImage {
  const [kind, image] = id.split('/').map(Number) as [number, number]
  const [width, height] = [40, 30]
  const noise = randomKey(kind).fold('noise', image).generator()
  const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)]
    return (at % 3) * 20 * kind + (kind % 2 === 0 ? 3 * x : 4 * y) + noise.integer(60)
  })
  return { width, height, data }
}

/** Episodes of a recipe whose parts come from the map, and its model. */
async function withMapParts(...overrides: string[]) {
  const text = 'model: { encoder: FourLayer_64F_4x, parts: map }\ndata: { image_size: 32 }'
  const recipe = parseRecipe(text, 'r.yaml', overrides)
  const { dataset, split } = slopes()
  const images = new EpisodeImages(dataset, split, episodeTransforms(recipe))
  const shape = { ways: 3, shots: 1, queries: 2, ...semiSupervision(recipe, 'test') }
  const episodes = sampleEpisodes(split, { ...shape, key: randomKey(1), episodes: 12 })
  return { model: createModel(recipe), images, episodes }
}

const distractors = ['semi.with_distractors=1', 'semi.distractor_class=1', 'semi.unlabeled_per_task_test=2']

describe('parts from the feature map', () => {
  it.each([
    ['Grid-3,2', []],
    ['Grid-4', []],
    ['Grid-3,2', distractors],
    ['Grid-3,2', ['model.query=DN4']],
    ['Grid-3,2', ['model.levels={part: {graph: class}}']],
  ])('have the same accuracies from a bank as episode by episode: %s %j', async (grid, overrides) => {
    const { model, images, episodes } = await withMapParts(`model.forward_encoding=${grid}`, ...overrides)
    const before = tf.memory().numTensors
    const banked = await evaluate({ model, images, episodes })
    const direct = await evaluate({ model, images, episodes, bank: false })
    const spilled = await evaluate({ model, images, episodes, bankMib: 0 })
    for (const other of [direct, spilled]) {
      expect(other.perEpisode).toEqual(banked.perEpisode)
      expect(other.predictions).toEqual(banked.predictions)
    }
    expect([banked, spilled].map(({ bank }) => bank?.place)).toEqual(['memory', 'disk'])
    expect(banked.fused.mean).toBeGreaterThan(0.4)
    expect(tf.memory().numTensors).toBe(before)
    model.dispose()
  })

  it.each([false, true])('are learned from, eagerly: %s', async (eager) => {
    const { model, images, episodes } = await withMapParts('model.levels={part: {}}')
    const optimiser = sgd(model.state)
    const refusals: string[] = []
    const step = episodeStep(model, optimiser, { eager, onEager: (reason) => refusals.push(reason) })
    const tensors = images.episodeTensors(await images.loadEpisode(episodes[0]!, model, randomKey(2)))
    const losses = Array.from({ length: 8 }, () => {
      const measures = step([tensors], 0.01, randomKey(3))
      const [loss] = measures.loss.dataSync()
      tf.dispose(Object.values(measures))
      return loss!
    })
    expect(losses.at(-1)).toBeLessThan(losses[0]!)
    expect(refusals).toEqual([])
    step.dispose()
    disposeEpisode(tensors)
    optimiser.dispose()
    model.dispose()
  })
})
