import { loadEngine, randomKey, tf } from '@m2l/engine'
import { LevelFusion, type MetricLevel } from '@m2l/metric'
import { sampleEpisodes } from '@m2l/samplers'
import { beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from '../index.js'
import { disposeEpisode, FewShotModel, type ForwardEncoding } from '@m2l/model'
import { colourDataset, colourImages, pooledLevel, tinyBackbone } from '../colours.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

const images = colourImages(colourDataset(4, 6), 'test')
const episodes = sampleEpisodes(images.split, {
  ways: 3,
  shots: 1,
  queries: 2,
  key: randomKey(1),
  episodes: 5,
})

const halves = [
  { top: 0, bottom: 1, left: 0, right: 0.5 },
  { top: 0, bottom: 1, left: 0.5, right: 1 },
  { top: 0.3, bottom: 0.7, left: 0.3, right: 0.7 },
]

/** A model of one level, and the shapes of what the level is shown. */
function watched(field: 'map' | 'parts', encoding?: ForwardEncoding) {
  const shown = new Set<string>()
  const inner = pooledLevel(field)
  const level: MetricLevel = {
    ...inner,
    scores(support, query, context) {
      for (const embedding of [support, query]) {
        const { map, parts } = embedding
        shown.add(`map ${map?.shape ?? 'none'}, parts ${parts?.shape ?? 'none'}`)
      }
      return inner.scores(support, query, context)
    },
  }
  const metric = new LevelFusion([{ level, weight: 1, temperature: 1 }])
  return { model: new FewShotModel(tinyBackbone(randomKey(2)), metric, encoding), shown }
}

async function shownOfEpisode(field: 'map' | 'parts', encoding?: ForwardEncoding) {
  const { model, shown } = watched(field, encoding)
  const tensors = images.episodeTensors(await images.loadEpisode(episodes[0]!, model))
  tf.dispose(model.scores(tensors, { training: false }))
  disposeEpisode(tensors)
  const { views } = model
  model.dispose()
  return { views, shown: [...shown] }
}

describe('a forward encoding', () => {
  it.each([
    ['map', undefined, ['whole'], 'map 3,8,8,6, parts none', 'map 6,8,8,6, parts none'],
    [
      'map',
      { map: 'pyramid', sizes: [3, 1] },
      ['whole'],
      'map 3,10,1,6, parts none',
      'map 6,10,1,6, parts none',
    ],
    ['map', { map: 'parts' }, ['parts'], 'map 3,2,1,6, parts none', 'map 6,2,1,6, parts none'],
    ['parts', undefined, ['parts'], 'map none, parts 3,2,6', 'map none, parts 6,2,6'],
    [
      'parts',
      { map: 'positions', regions: halves },
      ['whole'],
      'map none, parts 3,3,6',
      'map none, parts 6,3,6',
    ],
    [
      'map',
      { map: 'parts', regions: halves },
      ['whole'],
      'map 3,3,1,6, parts none',
      'map 6,3,1,6, parts none',
    ],
  ] as const)(
    'shows a level of %s under %o what it asks for and no more',
    async (field, encoding, views, ...expected) => {
      const tensors = tf.memory().numTensors
      expect(await shownOfEpisode(field, encoding)).toEqual({ views, shown: expected })
      expect(tf.memory().numTensors).toBe(tensors)
    },
  )

  it.each([
    ['map', { map: 'pyramid', sizes: [2, 1] }],
    ['map', { map: 'parts' }],
    ['map', { map: 'parts', regions: halves }],
    ['parts', { map: 'positions', regions: halves }],
  ] as const)(
    'gives a level of %s the same accuracies from a bank as episode by episode: %o',
    async (field, encoding) => {
      const { model } = watched(field, encoding)
      const banked = await evaluate({ model, images, episodes })
      const direct = await evaluate({ model, images, episodes, bank: false })
      expect(direct.perEpisode).toEqual(banked.perEpisode)
      model.dispose()
    },
  )
})
