import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError, loadEngine, randomKey, tf } from '@m2l/engine'
import { sampleEpisodes } from '@m2l/samplers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate, sliceEvaluation, type BankSize, type Progress } from '../index.js'
import { disposeEpisode } from '@m2l/model'
import { colourDataset, colourImages, tinyModel } from '../colours.test.helper.js'

let bankFolder: string

beforeAll(async () => {
  await loadEngine()
  bankFolder = await mkdtemp(join(tmpdir(), 'm2l-trainer-'))
})

afterAll(() => rm(bankFolder, { recursive: true }))

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

  it('gives the same from a bank on disk, of episodes whose layouts differ, and leaves no file', async () => {
    const model = tinyModel(1)
    const many = colourImages(colourDataset(40, 6), 'test') // colours that are taken for one another
    const unlike = [
      { ...shape, ways: 30, shots: 1, queries: 1 },
      { ...shape, ways: 25, shots: 1, queries: 2 },
      { ...shape, ways: 25, shots: 2, queries: 2 },
    ]
    const drawn = unlike.map((of) => sampleEpisodes(many.split, { ...of, episodes: 13 }))
    const episodes = Array.from({ length: 13 }, (_, index) => drawn.map((of) => of[index]!)).flat()
    const stated: BankSize[] = []
    const before = tf.memory().numTensors
    const onBank = (size: BankSize) => stated.push(size)
    const [inMemory, onDisk, direct] = [
      await evaluate({ model, images: many, episodes, onBank }),
      await evaluate({ model, images: many, episodes, onBank, bankMib: 0, bankFolder }),
      await evaluate({ model, images: many, episodes, onBank, bank: false }),
    ]
    expect(tf.memory().numTensors).toBe(before)
    expect(onDisk).toEqual({ ...inMemory, bank: onDisk.bank, seconds: onDisk.seconds })
    expect(direct.perEpisode).toEqual(inMemory.perEpisode)
    expect(direct.predictions).toEqual(inMemory.predictions)
    expect(new Set(inMemory.perEpisode.fused).size).toBeGreaterThan(2)
    // 240 images of a map of 8x8x6 numbers and two parts of 6 numbers
    const bytes = 240 * (8 * 8 * 6 + 2 * 6) * 4
    expect(stated).toEqual(['memory', 'disk'].map((place) => ({ images: 240, bytes, place })))
    expect(direct.bank).toBeUndefined()
    expect(await readdir(bankFolder)).toEqual([])
    model.dispose()
  })

  it('says its bank before it embeds, and leaves no file when it is stopped', async () => {
    const model = tinyModel(1)
    const tensors = tf.memory().numTensors
    const controller = new AbortController()
    const seen: string[] = []
    const stopped = evaluate({
      model,
      images,
      episodes: sampleEpisodes(images.split, { ...shape, episodes: 20 }),
      bankMib: 0,
      bankFolder,
      signal: controller.signal,
      onBank: ({ place }) => seen.push(place),
      onProgress: ({ phase }) => {
        seen.push(phase)
        controller.abort(new Error('told to stop'))
      },
    })
    await expect(stopped).rejects.toThrow('told to stop')
    expect(seen).toEqual(['disk', 'embed'])
    expect(await readdir(bankFolder)).toEqual([])
    expect(tf.memory().numTensors).toBe(tensors)
    model.dispose()
  })

  it('says in one line that a bank cannot be kept on disk', async () => {
    const model = tinyModel(1)
    const tensors = tf.memory().numTensors
    const nowhere = join(bankFolder, 'none')
    const episodes = sampleEpisodes(images.split, { ...shape, episodes: 2 })
    const refused = evaluate({ model, images, episodes, bankMib: 0, bankFolder: nowhere })
    await expect(refused).rejects.toThrow(InputError)
    await expect(refused).rejects.toThrow(/none: the feature bank cannot be kept here: [^\n]+$/)
    expect(tf.memory().numTensors).toBe(tensors)
    model.dispose()
  })

  it('says how sure each prediction is', async () => {
    const model = tinyModel(1)
    const [episode] = sampleEpisodes(images.split, { ...shape, episodes: 1 })
    const { predictions, confidences } = await evaluate({ model, images, episodes: [episode!] })
    const tensors = images.episodeTensors(await images.loadEpisode(episode!, model))
    const expected = tf.tidy(() => {
      const scores = model.scores(tensors, { training: false })
      const weights = model.metric.levels.reduce((sum, { weight }) => sum + weight, 0)
      return { fused: tf.div(model.metric.predict(scores), weights), ...model.metric.probabilities(scores) }
    })
    for (const name of ['fused', ...Object.keys(predictions.levels)]) {
      const ways = name === 'fused' ? predictions.fused : predictions.levels[name]!
      const given = name === 'fused' ? confidences.fused : confidences.levels[name]!
      const rows = (await (expected as Record<string, tf.Tensor2D>)[name]!.array()) as number[][]
      expect(rows).toHaveLength(12)
      expect(Array.from(ways[0]!)).toEqual(rows.map((row) => row.indexOf(Math.max(...row))))
      rows.forEach((row, query) => expect(given[0]![query]).toBeCloseTo(Math.max(...row), 5))
    }
    disposeEpisode(tensors)
    tf.dispose(expected)
    model.dispose()
  })

  it('is what an evaluation of these episodes alone is, for a slice of it', async () => {
    const model = tinyModel(1)
    const episodes = sampleEpisodes(images.split, { ...shape, episodes: 20 })
    const whole = await evaluate({ model, images, episodes })
    const part = await evaluate({ model, images, episodes: episodes.slice(7, 13) })
    const slice = sliceEvaluation(whole, 7, 13)
    expect(slice).toEqual({ ...part, bank: slice.bank, seconds: slice.seconds })
    expect(sliceEvaluation(whole, 0)).toEqual(whole)
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
