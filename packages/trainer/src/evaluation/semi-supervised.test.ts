import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine, randomKey, tf } from '@m2l/engine'
import { LevelFusion, type MetricLevel } from '@m2l/metric'
import { sgd, type Backbone } from '@m2l/nn'
import { episodeAt, sampleEpisodes } from '@m2l/samplers'
import { beforeAll, describe, expect, it } from 'vitest'
import { evaluate, openRunFolder, startPosition, trainEpisodes } from '../index.js'
import { disposeEpisode, FewShotModel, type ForwardEncoding } from '@m2l/model'
import { colourDataset, colourImages, pooledLevel, tinyBackbone } from '../colours.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

const dataset = colourDataset(6, 12)
const images = colourImages(dataset, 'test')
const unlabelled = { perClass: 3, distractorClasses: 2, labelledShare: 0.5, divisionKey: randomKey(8) }
const shape = { ways: 3, shots: [1, 2, 1], queries: 4, key: randomKey(3), unlabelled }

/**
 * A level that takes the first unlabelled images for its prototypes, so that its scores tell which and in
 * which order.
 */
function firstUnlabelled(): MetricLevel {
  const plain = pooledLevel('map')
  return {
    ...plain,
    name: 'first unlabelled',
    needsOfUnlabelled: ['map'],
    scores: ({ shots, unlabelled: unknown }, query, context) =>
      tf.tidy(() => {
        const map = tf.slice(unknown!.map!, 0, shots.length)
        return plain.scores({ map, shots: shots.map(() => 1) }, query, context)
      }),
  }
}

const regionsOfMap: ForwardEncoding = {
  map: 'positions',
  regions: [
    { top: 0, bottom: 0.7, left: 0, right: 1 },
    { top: 0.3, bottom: 1, left: 0, right: 1 },
  ],
}

/** A model whose backbone notes how many images pass it. */
function countingModel(levels: readonly MetricLevel[], encoding?: ForwardEncoding) {
  const backbone = tinyBackbone(randomKey(1))
  const batches: number[] = []
  const counting: Backbone = {
    ...backbone,
    embed: (batch, context) => {
      batches.push(batch.shape[0])
      return backbone.embed(batch, context)
    },
  }
  const weighted = levels.map((level) => ({ level, weight: 1, temperature: 4 }))
  return { model: new FewShotModel(counting, new LevelFusion(weighted, 'consistent'), encoding), batches }
}

describe('semi-supervised episodes', () => {
  it('are decoded and rendered with their unlabelled images, in their order', async () => {
    const before = tf.memory().numTensors
    const episode = episodeAt(images.split, shape, 0)
    const views = { views: ['whole', 'parts'], viewsOfUnlabelled: ['whole'] } as const
    const tensors = images.episodeTensors(await images.loadEpisode(episode, views))
    expect(tensors.unlabelled).toMatchObject({ count: 15, whole: { shape: [15, 8, 8, 3] } })
    expect(tensors.unlabelled?.parts).toBeUndefined()
    const [classIndex, image] = episode.unlabelled![7]!
    const alone = images.tensors(await images.load([images.record(classIndex, image)], ['whole']))
    const eighth = tf.tidy(() => tf.slice(tensors.unlabelled!.whole!, 7, 1).dataSync())
    expect(eighth).toEqual(alone.whole!.dataSync())
    disposeEpisode(tensors)
    tf.dispose(alone.whole)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('pass the backbone as support parts, query parts, support, query, then unlabelled', async () => {
    const { model, batches } = countingModel([pooledLevel('parts'), firstUnlabelled()])
    const tensors = images.episodeTensors(await images.loadEpisode(episodeAt(images.split, shape, 0), model))
    tf.dispose(model.scores(tensors, { training: true, key: randomKey(1) }))
    expect(batches).toEqual([8, 24, 4, 12, 15])
    disposeEpisode(tensors)
    model.dispose()
  })

  it('pass the backbone once where parts are regions of the map, though there be views of parts', async () => {
    const levels = [pooledLevel('parts'), firstUnlabelled()]
    const { model, batches } = countingModel(levels, regionsOfMap)
    expect([model.views, model.viewsOfUnlabelled]).toEqual([['whole'], ['whole']])
    const everyView = { views: ['whole', 'parts'], viewsOfUnlabelled: ['whole', 'parts'] } as const
    const tensors = images.episodeTensors(
      await images.loadEpisode(episodeAt(images.split, shape, 0), everyView),
    )
    tf.dispose(model.scores(tensors, { training: true, key: randomKey(1) }))
    expect(batches).toEqual([4, 12, 15])
    disposeEpisode(tensors)
    model.dispose()
  })

  it.each([
    ['positions', 'map', undefined],
    ['regions of the map', 'parts', regionsOfMap],
  ] as const)(
    'have the same accuracies from a bank as episode by episode: %s',
    async (_, field, encoding) => {
      const { model } = countingModel([pooledLevel(field), firstUnlabelled()], encoding)
      const episodes = sampleEpisodes(images.split, { ...shape, episodes: 40 })
      const before = tf.memory().numTensors
      const banked = await evaluate({ model, images, episodes })
      const direct = await evaluate({ model, images, episodes, bank: false })
      const spilled = await evaluate({ model, images, episodes, bankMib: 0 })
      expect(direct.perEpisode).toEqual(banked.perEpisode)
      expect(direct.loss).toBeCloseTo(banked.loss, 5)
      expect(spilled.predictions).toEqual(banked.predictions)
      expect(spilled.bank!.place).toBe('disk')
      const accuracies = banked.perEpisode.levels['first unlabelled']!
      expect(new Set(accuracies).size).toBeGreaterThan(4)
      expect(tf.memory().numTensors).toBe(before)
      model.dispose()
    },
  )

  it.each([
    ['views', undefined],
    ['regions of the map', regionsOfMap],
  ])('show the parts of unlabelled images to a level that asks for no others: %s', async (_, encoding) => {
    const level: MetricLevel = {
      ...pooledLevel('map'),
      needsOfUnlabelled: ['parts'],
      scores: ({ shots, unlabelled: unknown }, { map }, context) =>
        tf.tidy(() => {
          const parts = tf.slice(unknown!.parts!, 0, shots.length)
          const queries = tf.mean(map!, [1, 2]).expandDims(1) as tf.Tensor3D
          return pooledLevel('parts').scores(
            { parts, shots: shots.map(() => 1) },
            { parts: queries },
            context,
          )
        }),
    }
    const { model } = countingModel([level], encoding)
    const episodes = sampleEpisodes(images.split, { ...shape, episodes: 10 })
    const banked = await evaluate({ model, images, episodes })
    const direct = await evaluate({ model, images, episodes, bank: false })
    expect(direct.perEpisode).toEqual(banked.perEpisode)
    expect(new Set(banked.perEpisode.fused).size).toBeGreaterThan(2)
    model.dispose()
  })

  it('leave their unlabelled images alone where no level looks at them', async () => {
    const episodes = sampleEpisodes(images.split, { ...shape, episodes: 4 })
    const labelledOnly = episodes.map(({ unlabelled: _unlabelled, ...episode }) => episode)
    for (const bank of [true, false]) {
      const [with_, without] = [countingModel([pooledLevel('map')]), countingModel([pooledLevel('map')])]
      const seen = await evaluate({ model: with_.model, images, episodes, bank })
      const expected = await evaluate({ model: without.model, images, episodes: labelledOnly, bank })
      expect(seen.perEpisode).toEqual(expected.perEpisode)
      expect(with_.batches).toEqual(without.batches)
      with_.model.dispose()
      without.model.dispose()
    }
  })

  it('are learned from, validated on, and leave no tensor behind', async () => {
    const { model, batches } = countingModel([firstUnlabelled()])
    const optimiser = sgd(model.state)
    const before = tf.memory().numTensors
    const outcome = await trainEpisodes({
      model,
      optimiser,
      images: colourImages(dataset, 'train'),
      episode: { ways: 3, shots: 1, queries: 2, unlabelled: { ...unlabelled, perClass: 2 } },
      episodesPerEpoch: 20,
      batchSize: 1,
      validation: { images, episodes: sampleEpisodes(images.split, { ...shape, episodes: 5 }) },
      folder: await openRunFolder(mkdtempSync(join(tmpdir(), 'm2l-trainer-'))),
      description: { backbone: 'tiny', run: 'semi' },
      epochs: 2,
      schedule: () => 0.02,
      position: startPosition,
      key: randomKey(5),
    })
    expect(outcome).toMatchObject({ completed: true, position: { epoch: 2 } })
    expect(batches.slice(0, 3)).toEqual([3, 6, 10])
    expect(tf.memory().numTensors).toBe(before)
    optimiser.dispose()
    model.dispose()
  })
})
