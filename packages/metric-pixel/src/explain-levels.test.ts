import { loadEngine, randomKey, tf } from '@m2l/engine'
import { disposeState } from '@m2l/nn'
import { beforeAll, expect, it } from 'vitest'
import { alignmentLevel, pixelLevel } from './index.js'

beforeAll(async () => {
  await loadEngine()
})

const context = { training: false }

/** Two images a class of 1x2 positions, whose features are unit vectors or their mixtures. */
const support = () => ({
  map: tf.tensor4d([1, 0, 0, 0, 0, 0, 0, 1, /* second class */ 0, 0, 1, 0, 0, 1, 0, 0], [2, 1, 2, 4]),
  shots: [1, 1],
})

it('the pixel level names the support positions that query positions met', async () => {
  const query = { map: tf.tensor4d([0, 1, 0, 0, 1, 0, 0, 1], [1, 1, 2, 4]) }
  const [first, second] = await pixelLevel().explain!(support(), query, context)
  // The first query position is the second class's second; the other lies between the first class's two.
  expect(second!.matches![0]).toMatchObject({ query: 0, image: 1, support: 1 })
  expect(second!.matches![0]!.contribution).toBeCloseTo(1, 5)
  expect(first!.matches![1]!.similarity).toBeCloseTo(Math.SQRT1_2, 5)
  expect(first!.query.images[0]!.values[0]).toBeCloseTo(0, 5)
  expect(second!.support.images).toMatchObject([{ image: 1 }])
  expect(second!.support.images[0]!.values[1]).toBeCloseTo(1, 5)
})

it('with several neighbours each has its share', async () => {
  const query = { map: tf.tensor4d([1, 0, 0, 1], [1, 1, 1, 4]) }
  const [first] = await pixelLevel({ neighbours: 2 }).explain!(support(), query, context)
  expect(first!.matches!.map((match) => match.support).sort()).toEqual([0, 1])
  for (const { contribution } of first!.matches!) expect(contribution).toBeCloseTo(Math.SQRT1_2 / 2, 5)
})

it('the alignment level names what is attended to', async () => {
  const level = alignmentLevel({ channels: 4, key: randomKey(1), keyChannels: 4 })
  // Keys, queries and values as they are: nearest features attend to each other most.
  const identity = tf.mul(tf.eye(4), 6).reshape([1, 1, 4, 4])
  for (const { value } of Object.values(level.state)) value.assign(identity)
  const query = { map: tf.tensor4d([0, 1, 0, 0, 0, 0, 1, 0], [1, 1, 2, 4]) }
  const [, second] = await level.explain!(support(), query, context)
  expect(second!.matches!.map(({ image, support: position }) => [image, position])).toEqual([
    [1, 1],
    [1, 0],
  ])
  expect(second!.matches![0]!.similarity).toBeGreaterThan(0.9)
  disposeState(level.state)
})

it('explains one query at a time', async () => {
  const two = { map: tf.zeros([2, 1, 2, 4]) as tf.Tensor4D }
  const levels = [pixelLevel(), alignmentLevel({ channels: 4, key: randomKey(1), keyChannels: 4 })]
  for (const level of levels) {
    await expect(level.explain!(support(), two, context)).rejects.toThrow(
      `level ${level.name} explains the scores of one query, not of 2`,
    )
    disposeState(level.state)
  }
})
