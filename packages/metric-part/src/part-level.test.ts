import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import type { StateDict } from '@m2l/nn'
import { beforeAll, describe, expect, it } from 'vitest'
import { PartGraph, partDefinition, partLevel, type PartAdjacency } from './index.js'

beforeAll(async () => {
  await loadEngine()
})

const parts = (seed: number, shape: [number, number, number]) =>
  randomUniform(randomKey(seed), shape).sub(0.5) as tf.Tensor3D

/** Gives every weight a random value, since a fresh graph adds nothing. */
function randomise(state: StateDict): void {
  for (const [name, { value }] of Object.entries(state)) {
    tf.tidy(() => value.assign(randomUniform(randomKey(9).fold(name), value.shape).sub(0.5)))
  }
}

/** x + A(relu(A(x W1) + b1)) W2 + b2 with the adjacency written out. */
function expectedParts(
  graph: PartGraph,
  x: tf.Tensor3D,
  linked: (a: number, b: number) => boolean,
): tf.Tensor {
  const [images, count, channels] = x.shape
  const nodes = Array.from({ length: images * count }, (_, node) => node)
  const adjacency = tf.tensor2d(
    nodes.map((a) => {
      const row = nodes.map((b) => Number(a === b || linked(Math.floor(a / count), Math.floor(b / count))))
      const degree = row.reduce((sum, value) => sum + value, 0)
      return row.map((value) => value / degree)
    }),
  )
  const weight = (name: string) => graph.state[name]!.value as unknown as tf.Tensor2D
  const rows = x.reshape([-1, channels]) as tf.Tensor2D
  const hidden = adjacency
    .matMul(rows.matMul(weight('gc1.weight')))
    .add(weight('gc1.bias'))
    .relu() as tf.Tensor2D
  const change = adjacency.matMul(hidden.matMul(weight('gc2.weight'))).add(weight('gc2.bias'))
  return rows.add(change).reshape(x.shape)
}

describe('PartGraph', () => {
  const shots = [2, 1]
  const classOf = [0, 0, 1]
  const linked: Record<PartAdjacency, (a: number, b: number) => boolean> = {
    identity: () => false,
    class: (a, b) => classOf[a] === classOf[b],
    full: () => true,
  }

  it.each(['identity', 'class', 'full'] as const)('adapts parts as the formula says: %s', (adjacency) => {
    const graph = new PartGraph({ channels: 4, adjacency, dropout: 0, key: randomKey(1) })
    randomise(graph.state)
    tf.tidy(() => {
      const x = parts(2, [3, 5, 4])
      const difference = graph
        .apply(x, { shots }, { training: false })
        .sub(expectedParts(graph, x, linked[adjacency]))
      expect(tf.max(tf.abs(difference)).dataSync()[0]).toBeLessThan(1e-5)
    })
  })

  it('starts as the identity and learns from there', () => {
    const graph = new PartGraph({ channels: 4, adjacency: 'full', dropout: 0, key: randomKey(1) })
    tf.tidy(() => {
      const x = parts(2, [3, 5, 4])
      const loss = () => tf.sum(tf.square(graph.apply(x, { shots }, { training: true }))) as tf.Scalar
      expect(graph.apply(x, { shots }, { training: true }).dataSync()).toEqual(x.dataSync())
      const second = graph.state['gc2.weight']!.value
      const { grads } = tf.variableGrads(loss, [second])
      expect(tf.max(tf.abs(grads[second.name]!)).dataSync()[0]).toBeGreaterThan(0)
    })
  })

  it('drops hidden units in training only, by the key', () => {
    const graph = new PartGraph({ channels: 4, adjacency: 'identity', dropout: 0.5, key: randomKey(1) })
    randomise(graph.state)
    tf.tidy(() => {
      const x = parts(2, [3, 5, 4])
      const values = (key: number) =>
        Array.from(graph.apply(x, { shots }, { training: true, key: randomKey(key) }).dataSync())
      expect(values(1)).toEqual(values(1))
      expect(values(1)).not.toEqual(values(2))
      expect(values(1)).not.toEqual(Array.from(graph.apply(x, { shots }, { training: false }).dataSync()))
      expect(() => graph.apply(x, { shots }, { training: true })).toThrow('key')
    })
  })
})

describe('partLevel', () => {
  it('compares parts as they are without a graph, which takes no weights', () => {
    const [plain, fresh] = (['none', 'identity'] as const).map((graph) =>
      partLevel({ channels: 4, key: randomKey(1), graph }),
    )
    expect(plain!.state).toEqual({})
    tf.tidy(() => {
      const [support, query] = [{ parts: parts(3, [3, 5, 4]), shots: [2, 1] }, { parts: parts(4, [6, 5, 4]) }]
      const [scores, expected] = [plain, fresh].map((level) =>
        level!.scores(support, query, { training: false }).dataSync(),
      )
      expect(scores).toEqual(expected)
    })
    tf.dispose(Object.values(fresh!.state).map(({ value }) => value))
  })

  it('compares images of different numbers of parts and learns through the graph', () => {
    const level = partLevel({ channels: 4, key: randomKey(1), graphDropout: 0 })
    randomise(level.state)
    const variables = Object.values(level.state).map((parameter) => parameter.value)
    const { value, grads } = tf.variableGrads(
      () =>
        tf.sum(
          level.scores(
            { parts: parts(1, [2, 5, 4]), shots: [1, 1] },
            { parts: parts(2, [3, 7, 4]) },
            { training: true },
          ),
        ) as tf.Scalar,
      variables,
    )
    expect(Object.keys(level.state)).toEqual([
      'graph.gc1.weight',
      'graph.gc1.bias',
      'graph.gc2.weight',
      'graph.gc2.bias',
    ])
    for (const gradient of Object.values(grads))
      expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(0)
    tf.dispose([value, grads])
  })

  it('leaves no tensor but its result', () => {
    const level = partDefinition.create(
      { graph: 'class', graph_dropout: 0.5 },
      { channels: 4, key: randomKey(1) },
    )
    const x = parts(1, [2, 5, 4])
    const before = tf.memory().numTensors
    level.scores({ parts: x, shots: [1, 1] }, { parts: x }, { training: true, key: randomKey(2) }).dispose()
    expect(tf.memory().numTensors).toBe(before)
    x.dispose()
  })
})
