import { loadEngine, randomKey, tf } from '@m2l/engine'
import { sampleEpisodes } from '@m2l/samplers'
import { beforeAll, describe, expect, it } from 'vitest'
import { evaluate, type Progress } from './index.js'
import { colourDataset, colourImages, tinyModel } from './colours.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

const images = colourImages(colourDataset(6, 8), 'test')
const shape = { ways: 3, shots: [1, 2, 3], queries: 4, key: randomKey(3) }

describe('evaluate', () => {
  it('gives the same accuracies to the last query from a bank as episode by episode', async () => {
    const model = tinyModel(1)
    const episodes = sampleEpisodes(images.split, { ...shape, episodes: 60 })
    const banked = await evaluate({ model, images, episodes })
    const direct = await evaluate({ model, images, episodes, bank: false })
    expect(direct.perEpisode).toEqual(banked.perEpisode)
    expect(direct.loss).toBeCloseTo(banked.loss, 5)
    expect(Object.keys(banked.levels)).toEqual(['pooled map', 'pooled parts'])
    expect(banked.fused.mean).toBeGreaterThan(0.6)
    model.dispose()
  })

  it('scores an episode the same whatever other episodes there are', async () => {
    const model = tinyModel(1)
    const episodes = sampleEpisodes(images.split, { ...shape, episodes: 8 })
    const together = await evaluate({ model, images, episodes })
    const alone = await evaluate({ model, images, episodes: episodes.slice(5, 6) })
    expect(alone.perEpisode.fused[0]).toBe(together.perEpisode.fused[5])
    model.dispose()
  })

  it('keeps tensors and resident memory flat over 2,000 episodes', async () => {
    const model = tinyModel(1)
    const episodes = sampleEpisodes(images.split, { ...shape, episodes: 2000 })
    await evaluate({ model, images, episodes: episodes.slice(0, 500) })
    const tensors = tf.memory().numTensors
    const during: number[] = []
    const resident: number[] = []
    const onProgress = ({ phase }: Progress) => {
      if (phase !== 'test') return
      during.push(tf.memory().numTensors)
      resident.push(process.memoryUsage().rss)
    }
    await evaluate({ model, images, episodes, onProgress })
    expect(during).toHaveLength(40)
    expect(new Set(during).size).toBe(1)
    expect(tf.memory().numTensors).toBe(tensors)
    expect(resident.at(-1)! - resident[10]!).toBeLessThan(48 * 2 ** 20)
    model.dispose()
  })

  it('stops when it is told to and leaves no tensor behind', async () => {
    const model = tinyModel(1)
    const tensors = tf.memory().numTensors
    const controller = new AbortController()
    const stopped = evaluate({
      model,
      images,
      episodes: sampleEpisodes(images.split, { ...shape, episodes: 500 }),
      signal: controller.signal,
      onProgress: ({ phase }) => phase === 'test' && controller.abort(new Error('told to stop')),
    })
    await expect(stopped).rejects.toThrow('told to stop')
    expect(tf.memory().numTensors).toBe(tensors)
    model.dispose()
  })
})
