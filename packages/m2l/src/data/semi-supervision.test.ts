import type { Dataset, ImageSplit } from '@m2l/datasets'
import { squareResize, type RgbImage } from '@m2l/pictures'
import { InputError, loadEngine, randomKey } from '@m2l/engine'
import { LevelFusion } from '@m2l/metric'
import { globalLevel, type GlobalLevelOptions } from '@m2l/metric-global'
import type { Backbone } from '@m2l/nn'
import { sampleEpisodes } from '@m2l/samplers'
import { EpisodeImages, evaluate } from '@m2l/trainer'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseRecipe } from '../index.js'
import { createModel, FewShotModel, recipeLevels } from '@m2l/model'
import { labelledSplit, semiSupervision } from './semi-supervision.js'

beforeAll(async () => {
  await loadEngine()
})

const recipe = (text: string, overrides: readonly string[] = []) => parseRecipe(text, 'r.yaml', overrides)
const divisionKey = randomKey(1).fold('labels')

describe('a semi-supervised recipe', () => {
  it('has unlabelled images, more in test than in training, and distractors when it says so', () => {
    expect(semiSupervision(recipe(''), 'train')).toEqual({})
    const unlabelled = { labelledShare: 0.4, divisionKey, perClass: 5, distractorClasses: 0 }
    expect(semiSupervision(recipe('semi: {}'), 'train')).toEqual({ unlabelled })
    expect(semiSupervision(recipe('semi: {}'), 'test')).toEqual({
      unlabelled: { ...unlabelled, perClass: 20 },
    })
    for (const yes of ['1', 'true']) {
      const { unlabelled: distracted } = semiSupervision(
        recipe(`semi: { with_distractors: ${yes}, distractor_class: 3 }`),
        'train',
      )
      expect(distracted).toEqual({ ...unlabelled, distractorClasses: 3 })
    }
  })

  it('refines the prototypes of ProtoNet and M2L, and leaves levels of its own alone', () => {
    const global = (overrides: string[]) => recipeLevels(recipe('', overrides)).global
    expect(global(['model.query=ProtoNet'])).toEqual({ weight: 1, temperature: 64 })
    expect(global(['model.query=ProtoNet', 'semi.label_percentage=.4'])).toEqual({
      weight: 1,
      temperature: 64,
      refine: 'soft',
      length_scale: 8,
    })
    expect(global(['model.query=M2L', 'semi.with_distractors=1'])).toEqual({
      weight: 0.5,
      temperature: 64,
      refine: 'soft-with-distractors',
      length_scale: 8,
    })
    expect(global(['semi.with_distractors=1', 'model.levels={global: {}}'])).toEqual({
      weight: 1,
      temperature: 1,
    })
    expect(recipeLevels(recipe('', ['model.query=DN4', 'semi.with_distractors=1']))).toEqual(
      recipeLevels(recipe('', ['model.query=DN4'])),
    )
  })

  it('makes a model that looks at whole unlabelled images only', async () => {
    const small = 'model: { encoder: FourLayer_64F_4x }'
    const model = createModel(recipe(small, ['semi.with_distractors=1']))
    expect(model.views).toEqual(['whole', 'parts'])
    expect(model.viewsOfUnlabelled).toEqual(['whole'])
    expect(Object.keys(model.state)).toContain('global.distractor_log_length_scale')
    model.dispose()
  })

  it('pretrains on the labelled images, the ones that its episodes use, and no others', () => {
    const { split } = stains(4, 10)
    const semi = recipe('semi: { label_percentage: 0.5, unlabeled_per_task_train: 5 }')
    const shape = { ways: 2, shots: 1, queries: 4, ...semiSupervision(semi, 'train') }
    const used = sampleEpisodes(split, { ...shape, key: randomKey(1), episodes: 100 }).flatMap((episode) =>
      episode.classes.flatMap((classIndex, way) =>
        [...episode.support[way]!, ...episode.query[way]!].map(
          (image) => split.classes[classIndex]!.images[image]!.id,
        ),
      ),
    )
    const learned = labelledSplit(semi, split).classes.flatMap(({ images }) => images.map(({ id }) => id))
    expect(learned).toHaveLength(20)
    expect(learned.toSorted()).toEqual([...new Set(used)].toSorted())
    expect(labelledSplit(recipe(''), split)).toBe(split)
  })

  it('refuses to pretrain on a class without labelled images', () => {
    expect(() => labelledSplit(recipe('semi: {}'), stains(3, 2).split)).toThrow(
      new InputError(
        'split test: class stain0 has 2 images, of which a share of 0.4 is none; raise semi.label_percentage, add ' +
          'images or leave the class out',
      ),
    )
  })
})

describe('prototypes refined by unlabelled images', () => {
  it.each([
    ['without distractors', 0, 'soft'],
    ['with distractors', 5, 'soft-with-distractors'],
  ] as const)('recognise more of the same episodes, %s', async (_, distractorClasses, refine) => {
    const { dataset, split } = stains(12, 40)
    const images = new EpisodeImages(dataset, split, { whole: squareResize(side) })
    const unlabelled = { labelledShare: 0.4, divisionKey, perClass: 20, distractorClasses }
    const shape = { ways: 5, shots: 1, queries: 5, key: randomKey(2), unlabelled }
    const episodes = sampleEpisodes(split, { ...shape, episodes: 60 })
    const accuracies = async (options: GlobalLevelOptions) => {
      const levels = [{ level: globalLevel(options), weight: 1, temperature: 1 }]
      const model = new FewShotModel(pixels, new LevelFusion(levels))
      const { fused } = await evaluate({ model, images, episodes })
      return fused.mean
    }
    const supervised = await accuracies({})
    expect(supervised).toBeGreaterThan(0.4)
    expect(supervised).toBeLessThan(0.9)
    expect(await accuracies({ refine, lengthScale: 1.5 })).toBeGreaterThan(supervised + 0.05)
  })
})

const side = 6

/** A backbone that sees every pixel as a channel. */
const pixels: Backbone = {
  name: 'pixels',
  channels: 3 * side * side,
  state: {},
  embed: (images) => images.reshape([-1, 1, 1, 3 * side * side]),
  outputSize: () => [1, 1],
  dispose: () => {},
}

/** Pictures in memory: the pattern of their class under much noise. */
function stains(classes: number, imagesPerClass: number): { dataset: Dataset; split: ImageSplit } {
  const split: ImageSplit = {
    name: 'test',
    hash: 'stains',
    classes: Array.from({ length: classes }, (_, index) => ({
      name: `stain${index}`,
      images: Array.from({ length: imagesPerClass }, (_image, image) => ({ id: `${index}/${image}` })),
    })),
  }
  const read = async ({ id }: { id: string }): Promise<RgbImage> => {
    const pattern = randomKey(3).fold(id.split('/')[0]!).generator()
    const noise = randomKey(4).fold(id).generator()
    const data = Uint8Array.from(
      { length: 3 * side * side },
      () => 64 + pattern.integer(64) + noise.integer(128),
    )
    return { width: side, height: side, data }
  }
  const readMany = (records: readonly { id: string }[]) => Promise.all(records.map(read))
  return {
    split,
    dataset: {
      name: 'stains',
      leftOut: [],
      notes: [],
      splits: { test: split },
      read,
      readMany,
      close: async () => {},
    },
  }
}
