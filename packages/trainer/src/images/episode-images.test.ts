import { loadEngine, randomKey, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { EpisodeImages } from '../index.js'
import { disposeEpisode } from '@m2l/model'
import { colourDataset, colourImages } from '../colours.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

const plain = colourImages(colourDataset(3, 4), 'train')
const jittered = new EpisodeImages(plain.dataset, plain.split, { ...plain.transforms, jitter: true })
const episode = { classes: [2, 0], support: [[1], [0, 3]], query: [[2], [1]] }

async function rendered(images: EpisodeImages, key?: ReturnType<typeof randomKey>) {
  const tensors = images.episodeTensors(await images.loadEpisode(episode, { views: ['whole', 'parts'] }, key))
  const values = Array.from(tensors.query.whole!.dataSync())
  const shapes = [tensors.support.whole!.shape, tensors.support.parts!.shape, tensors.query.whole!.shape]
  const labels = Array.from(tensors.labels.dataSync())
  const { shots } = tensors
  disposeEpisode(tensors)
  return { values, shapes, labels, shots }
}

describe('EpisodeImages', () => {
  it('renders the images and parts of an episode in the order of its classes', async () => {
    const before = tf.memory().numTensors
    const { shapes, labels, shots } = await rendered(plain)
    expect(shapes).toEqual([
      [3, 8, 8, 3],
      [6, 8, 8, 3],
      [2, 8, 8, 3],
    ])
    expect(labels).toEqual([0, 1])
    expect(shots).toEqual([1, 2])
    expect(tf.memory().numTensors).toBe(before)
  })

  it('draws its transforms from the key alone, and colours vary in training only', async () => {
    const { values: fixed } = await rendered(plain)
    expect((await rendered(jittered)).values).toEqual(fixed)
    const { values: drawn } = await rendered(jittered, randomKey(1))
    expect(drawn).toEqual((await rendered(jittered, randomKey(1))).values)
    expect(drawn).not.toEqual((await rendered(plain, randomKey(1))).values)
    expect(drawn).not.toEqual((await rendered(jittered, randomKey(2))).values)
  })

  it('leaves out what is not needed and refuses parts that it has no transform for', async () => {
    const { whole, normalisation } = plain.transforms
    const images = new EpisodeImages(plain.dataset, plain.split, {
      whole,
      ...(normalisation && { normalisation }),
    })
    const records = [images.record(2, 1)]
    const tensors = images.tensors(await images.load(records, ['whole']))
    expect(tensors.parts).toBeUndefined()
    tf.dispose(tensors.whole)
    await expect(images.load(records, ['parts'])).rejects.toThrow('needs parts')
  })
})
