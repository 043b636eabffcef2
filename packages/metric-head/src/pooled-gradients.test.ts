import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { PooledGradients, type MetricLevel } from '@m2l/metric'
import { beforeAll, describe, expect, it } from 'vitest'
import { centredLevel, gdaLevel, ridgeLevel } from './index.js'

beforeAll(async () => {
  await loadEngine({ device: 'cpu' })
})

const channels = 8
const context = { training: false }

const mapOf = (seed: number, images: number) =>
  tf.tidy(() =>
    randomUniform(randomKey(seed), [images, channels]).reshape<tf.Tensor4D>([images, 1, 1, channels]),
  )

const heads: readonly (readonly [string, MetricLevel, readonly number[]])[] = [
  ['ridge regression', centredLevel({ classifier: 'ridge' }), [4, 3, 5]],
  ['Gaussians', centredLevel({ classifier: 'gda' }), [4, 3, 5]],
  ['class means', centredLevel({ classifier: 'nearest-mean' }), [4, 3, 5]],
  ['single examples', centredLevel(), [1, 1, 1]],
  ['some channels', centredLevel({ channels: [2, 7] }), [2, 3, 2]],
  ['ridge regression of unit features, not centred', ridgeLevel({ normalise: 'l2n', scale: 10 }), [4, 3, 5]],
  ['Gaussians, not centred', gdaLevel({ dimensions: 'all' }), [4, 3, 5]],
]

describe.each(heads)('derivatives of %s', (_, level, shots) => {
  const images = shots.reduce((sum, shot) => sum + shot, 0)

  it('are those of finite differences, by the query and by the examples', async () => {
    const support = { map: mapOf(1, images), shots, drawnShots: Math.min(...shots) }
    const query = { map: mapOf(2, 1) }
    const gradients = new PooledGradients(level, support)
    const [found] = await gradients.of(query, [1])
    gradients.dispose()
    const directions = { query: mapOf(3, 1), support: mapOf(4, images) }
    const scoreAt = (by: { query: number; support: number }) =>
      tf.tidy(() => {
        const moved = (map: tf.Tensor4D, side: 'query' | 'support') =>
          tf.add(map, tf.mul(directions[side], by[side])) as tf.Tensor4D
        const others = { ...support, map: moved(support.map, 'support') }
        return level.scores(others, { map: moved(query.map, 'query') }, context).arraySync()[0]![1]!
      })
    const own = shots[0]!
    const along = (gradient: readonly Float32Array[], direction: readonly number[]) =>
      gradient.flatMap((row) => [...row]).reduce((sum, value, at) => sum + value * direction[at]!, 0)
    const step = 0.01
    const change = (scoreAt({ query: step, support: 0 }) - scoreAt({ query: -step, support: 0 })) / (2 * step)
    const byQuery = along([found!.score.query], [...directions.query.dataSync()])
    expect(byQuery).toBeCloseTo(change, 2)
    // of the support, the class's own images alone
    const isOwn = Array.from({ length: images }, (_row, row) => Number(row >= own && row < own + shots[1]!))
    const masked = tf.tidy(() => tf.mul(directions.support, tf.tensor1d(isOwn).reshape([-1, 1, 1, 1])))
    directions.support.dispose()
    directions.support = masked as tf.Tensor4D
    const ofSupport =
      (scoreAt({ query: 0, support: step }) - scoreAt({ query: 0, support: -step })) / (2 * step)
    const values = [...directions.support.dataSync()].slice(own * channels, (own + shots[1]!) * channels)
    expect(along(found!.score.support, values)).toBeCloseTo(ofSupport, 2)
    tf.dispose([support.map, query.map, directions.query, directions.support])
  })

  it('are at right angles with features, of which only the direction counts', async () => {
    const support = { map: mapOf(1, images), shots }
    const query = { map: mapOf(2, 1) }
    const gradients = new PooledGradients(level, support)
    const found = await gradients.of(query, [0, 2])
    gradients.dispose()
    const rows = support.map.reshape([images, channels]).arraySync() as number[][]
    const inner = (gradient: Float32Array, feature: ArrayLike<number>) =>
      gradient.reduce((sum, value, channel) => sum + value * feature[channel]!, 0)
    const first = [0, images - shots[2]!]
    for (const [index, { score, lead }] of found.entries()) {
      for (const gradient of [score, lead]) {
        const largest = Math.max(...gradient.query.map(Math.abs))
        expect(largest).toBeGreaterThan(1e-4)
        expect(Math.abs(inner(gradient.query, query.map.dataSync()))).toBeLessThan(
          1e-3 * Math.max(1, largest),
        )
        for (const [image, own] of gradient.support.entries())
          expect(Math.abs(inner(own, rows[first[index]! + image]!))).toBeLessThan(2e-3)
      }
    }
    tf.dispose([support.map, query.map])
  })
})
