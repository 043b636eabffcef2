import { loadEngine, randomKey, tf } from '@m2l/engine'
import { LevelFusion, type MetricLevel } from '@m2l/metric'
import { sampleEpisodes } from '@m2l/samplers'
import { beforeAll, expect, it } from 'vitest'
import { colourDataset, colourImages, pooledLevel, tinyBackbone } from '../colours.test.helper.js'
import { evaluate } from '../index.js'
import { FewShotModel } from '@m2l/model'

beforeAll(async () => {
  await loadEngine()
})

const images = colourImages(colourDataset(6, 8), 'test')
const episodes = sampleEpisodes(images.split, {
  ways: 3,
  shots: 1,
  queries: 4,
  key: randomKey(3),
  episodes: 4,
})

function modelOf(level: MetricLevel): FewShotModel {
  const levels = [pooledLevel('map'), level].map((each) => ({ level: each, weight: 1, temperature: 4 }))
  return new FewShotModel(tinyBackbone(randomKey(1)), new LevelFusion(levels))
}

function levelOf(scores: MetricLevel['scores']): MetricLevel {
  return { name: 'own', needs: ['map'], state: {}, scores }
}

it.each([NaN, Infinity, -Infinity])('names a level whose scores are not finite: %d', async (wrong) => {
  for (const bank of [true, false]) {
    const model = modelOf(
      levelOf((support, query) =>
        tf.mul(tf.ones<tf.Rank.R2>([query.map!.shape[0], support.shots.length]), wrong),
      ),
    )
    const before = tf.memory().numTensors
    await expect(evaluate({ model, images, episodes, bank })).rejects.toThrow(
      /^episode 0: the scores of level own are not finite; /,
    )
    expect(tf.memory().numTensors).toBe(before)
    model.dispose()
  }
})

it('names a picture whose features are not finite', async () => {
  const model = modelOf(pooledLevel('parts'))
  const weight = model.state['encoder.0.weight']!.value
  tf.tidy(() => weight.assign(tf.fill(weight.shape, Infinity)))
  await expect(evaluate({ model, images, episodes })).rejects.toThrow(
    /^\d+\/\d+: its features \((map|parts)\) are not finite; /,
  )
  model.dispose()
})

it('tells why a level makes it slow, and gives the same', async () => {
  const reads = (query: tf.Tensor4D) => (query.sum().dataSync().length > 0 ? 0 : 1)
  const slow = modelOf(
    levelOf((support, query) =>
      tf.tidy(
        () =>
          pooledLevel('map')
            .scores(support, query, { training: false })
            .add(reads(query.map!)) as tf.Tensor2D,
      ),
    ),
  )
  const reasons: string[] = []
  const told = await evaluate({ model: slow, images, episodes, onEager: (reason) => reasons.push(reason) })
  expect(reasons.length).toBeGreaterThan(0)
  expect(reasons[0]).toMatch(/read/)
  expect(told.levels.own).toEqual(told.levels['pooled map'])
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  await evaluate({ model: slow, images, episodes })
  expect(String(await warned)).toMatch(/^M2LWarning: score runs operation by operation, which is slower: /)
  slow.dispose()
})
