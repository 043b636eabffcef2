import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { disposeState } from '@m2l/nn'
import { beforeAll, describe, expect, it } from 'vitest'
import { relationDefinition, relationLevel } from './index.js'

beforeAll(async () => {
  await loadEngine()
})

const map = (seed: number, shape: [number, number, number, number]) =>
  randomUniform(randomKey(seed), shape).sub(0.5) as tf.Tensor4D

/** relu([prototype, query] W1 + b1) W2 + b2, one number at a time. */
function expectedScore(prototype: number[], query: number[], weights: Record<string, number[][]>): number {
  const pair = [...prototype, ...query]
  const layer = (x: number[], name: string) =>
    weights[`${name}.bias`]![0]!.map(
      (bias, unit) =>
        bias + x.reduce((sum, value, index) => sum + value * weights[`${name}.weight`]![index]![unit]!, 0),
    )
  const hidden = layer(pair, 'fc1').map((value) => Math.max(0, value))
  return layer(hidden, 'fc2')[0]!
}

describe('relationLevel', () => {
  it('is the network of the pooled pair, prototype first', () => {
    const level = relationLevel({ channels: 4, key: randomKey(1) })
    for (const [name, { value }] of Object.entries(level.state)) {
      tf.tidy(() => value.assign(randomUniform(randomKey(5).fold(name), value.shape).sub(0.5)))
    }
    const weights = Object.fromEntries(
      Object.entries(level.state).map(([name, { value }]) => [
        name,
        value.reshape([-1, value.shape.at(-1)!]).arraySync() as number[][],
      ]),
    )
    tf.tidy(() => {
      const [support, query] = [map(2, [3, 2, 1, 4]), map(3, [2, 1, 2, 4])]
      const scores = level
        .scores({ map: support, shots: [2, 1] }, { map: query }, { training: false })
        .arraySync()
      const images = tf.mean(support, [1, 2]).arraySync() as number[][]
      const queries = tf.mean(query, [1, 2]).arraySync() as number[][]
      const prototypes = [images[0]!.map((value, index) => (value + images[1]![index]!) / 2), images[2]!]
      for (const [row, ofQuery] of queries.entries()) {
        for (const [column, prototype] of prototypes.entries()) {
          expect(scores[row]![column]).toBeCloseTo(expectedScore(prototype, ofQuery, weights), 5)
        }
      }
    })
    disposeState(level.state)
  })

  it('starts as the published program does: weights of deviation .01, biases zero', () => {
    const { state } = relationDefinition.create({}, { channels: 64, key: randomKey(1) })
    expect(Object.entries(state).map(([name, { value, layout }]) => [name, value.shape, layout])).toEqual([
      ['fc1.weight', [128, 32], 'linear'],
      ['fc1.bias', [32], 'plain'],
      ['fc2.weight', [32, 1], 'linear'],
      ['fc2.bias', [1], 'plain'],
    ])
    const deviation = tf.tidy(() => tf.sqrt(tf.mean(tf.square(state['fc1.weight']!.value))).dataSync()[0]!)
    expect(deviation).toBeGreaterThan(0.0095)
    expect(deviation).toBeLessThan(0.0105)
    expect(Array.from(state['fc1.bias']!.value.dataSync())).toEqual(Array.from({ length: 32 }, () => 0))
    disposeState(state)
  })
})
