import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { beforeAll, expect, it } from 'vitest'
import { l2Normalise, pooled, PooledGradients, prototypes, type MetricLevel } from './index.js'

beforeAll(async () => {
  await loadEngine({ device: 'cpu' })
})

const channels = 6

/** The squared cosine of the query and the mean of a class: no head, and not linear in anything. */
const squaredCosine: MetricLevel = {
  name: 'squared-cosine',
  needs: ['map'],
  state: {},
  scores: ({ map, shots }, query) =>
    tf.tidy(() => {
      const unit = (x: tf.Tensor4D) => l2Normalise(pooled(x))
      const ofClasses = l2Normalise(prototypes(unit(map!), shots))
      return tf.square(tf.matMul(unit(query.map!), ofClasses, false, true))
    }),
}

function mapOf(seed: number, images: number): tf.Tensor4D {
  return randomUniform(randomKey(seed), [images, 1, 1, channels]).reshape([images, 1, 1, channels])
}

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0)

it('derives scores and leads by the features of the query and of the class', async () => {
  const shots = [2, 1, 3]
  const support = { map: mapOf(1, 6), shots }
  const query = { map: mapOf(2, 1) }
  const scoresAt = (change: { query?: number; image?: number; channel: number; by: number }) =>
    tf.tidy(() => {
      const moved = (map: tf.Tensor4D, row: number | undefined) => {
        if (row === undefined) return map
        const at = tf.oneHot(tf.tensor1d([row * channels + change.channel], 'int32'), map.size)
        return tf.add(map, tf.mul(at, change.by).reshape(map.shape)) as tf.Tensor4D
      }
      const others = { map: moved(support.map, change.image), shots }
      return squaredCosine
        .scores(others, { map: moved(query.map, change.query) }, { training: false })
        .arraySync()[0]!
    })
  const before = tf.memory().numTensors
  const gradients = new PooledGradients(squaredCosine, support)
  const found = await gradients.of(query, [0, 2])
  gradients.dispose()
  expect(tf.memory().numTensors).toBe(before)
  const leadOf = (scores: readonly number[], label: number) =>
    scores[label]! - sum(scores.filter((_, other) => other !== label)) / 2
  for (const [index, label] of [0, 2].entries()) {
    const { score, lead } = found[index]!
    const scores = scoresAt({ channel: 0, by: 0 })
    expect(score.value).toBeCloseTo(scores[label]!, 5)
    expect(lead.value).toBeCloseTo(leadOf(scores, label), 5)
    expect(score.support).toHaveLength(shots[label]!)
    for (let channel = 0; channel < channels; channel++) {
      const change = (place: { query?: number; image?: number }, of: (scores: number[]) => number) =>
        (of(scoresAt({ ...place, channel, by: 0.01 })) - of(scoresAt({ ...place, channel, by: -0.01 }))) /
        0.02
      const own = (row: number[]) => row[label]!
      const led = (row: number[]) => leadOf(row, label)
      expect(score.query[channel]).toBeCloseTo(change({ query: 0 }, own), 2)
      expect(lead.query[channel]).toBeCloseTo(change({ query: 0 }, led), 2)
      const image = label === 0 ? 1 : 4
      expect(score.support[1]![channel]).toBeCloseTo(change({ image }, own), 2)
      expect(lead.support[1]![channel]).toBeCloseTo(change({ image }, led), 2)
    }
  }
  tf.dispose([support.map, query.map])
})

it('refuses several queries at once', async () => {
  const gradients = new PooledGradients(squaredCosine, { map: mapOf(1, 2), shots: [1, 1] })
  await expect(gradients.of({ map: mapOf(2, 2) }, [0])).rejects.toThrow(
    'level squared-cosine explains the scores of one query, not of 2',
  )
})
