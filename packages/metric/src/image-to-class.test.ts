import { graphFunction, loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { imageToClassScores, type ImageToClassOptions } from './index.js'

beforeAll(async () => {
  await loadEngine()
})

type Images = number[][][]

/** The definition, one number at a time. */
function expectedScores(query: Images, support: Images, shots: number[], neighbours: number): number[][] {
  const starts = shots.map((_, label) => shots.slice(0, label).reduce((sum, shot) => sum + shot, 0))
  return query.map((image) =>
    shots.map((shot, label) => {
      const ofClass = support.slice(starts[label]!, starts[label]! + shot).flat()
      const nearest = image.map((descriptor) => {
        const cosines = ofClass.map((other) => cosine(descriptor, other)).sort((a, b) => b - a)
        return cosines.slice(0, neighbours).reduce((sum, value) => sum + value, 0) / neighbours
      })
      return nearest.reduce((sum, value) => sum + value, 0)
    }),
  )
}

function cosine(a: number[], b: number[]): number {
  const length = (x: number[]) => 1e-16 + Math.hypot(...x)
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0) / (length(a) * length(b))
}

function draw(seed: number, shape: [number, number, number]): Images {
  return tf.tidy(() => randomUniform(randomKey(seed), shape).sub(0.5).arraySync() as Images)
}

function scores(query: Images, support: Images, shots: number[], neighbours?: number): number[][] {
  const options = neighbours === undefined ? {} : { neighbours }
  return tf.tidy(() =>
    imageToClassScores(tf.tensor3d(query), tf.tensor3d(support), shots, options).arraySync(),
  )
}

/** Of one random case: scores, and the gradients of their weighted sum by query and support. */
function scoresAndGradients(
  { seed, shots, queries }: { seed: number; shots: number[]; queries: number },
  options: ImageToClassOptions,
  inGraph: boolean,
): Record<'scores' | 'ofQuery' | 'ofSupport', number[]> {
  const reasons: string[] = []
  const compute = graphFunction(
    ({ query, support, weights }: Record<'query' | 'support' | 'weights', tf.Tensor>) => {
      const measure = (a: tf.Tensor, b: tf.Tensor) =>
        imageToClassScores(a as tf.Tensor3D, b as tf.Tensor3D, shots, options)
      const [ofQuery, ofSupport] = tf.grads((a, b) => measure(a, b))([query, support], weights)
      return { scores: measure(query, support), ofQuery: ofQuery!, ofSupport: ofSupport! }
    },
    { eager: !inGraph, onEager: (reason) => reasons.push(reason) },
  )
  const images = shots.reduce((sum, shot) => sum + shot, 0)
  const results = tf.tidy(() => {
    const outputs = compute({
      query: tf.tensor3d(draw(seed, [queries, 4, 5])),
      support: tf.tensor3d(draw(seed + 1001, [images, 3, 5])),
      weights: randomUniform(randomKey(seed + 2002), [queries, shots.length]),
    })
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]),
    )
  })
  compute.dispose()
  expect(reasons).toEqual([])
  return results as Record<'scores' | 'ofQuery' | 'ofSupport', number[]>
}

function expectClose(actual: number[][], expected: number[][]) {
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length))
  for (const [row, values] of actual.entries()) {
    for (const [column, value] of values.entries()) expect(value).toBeCloseTo(expected[row]![column]!, 4)
  }
}

describe('imageToClassScores', () => {
  it('is its definition, for any numbers of shots, descriptors and neighbours', () => {
    const anyShots = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 })
    const cases = fc.record({
      seed: fc.nat(1000),
      shots: anyShots,
      neighbours: fc.integer({ min: 1, max: 2 }),
    })
    fc.assert(
      fc.property(cases, ({ seed, shots, neighbours }) => {
        const images = shots.reduce((sum, shot) => sum + shot, 0)
        const [query, support] = [draw(seed, [3, 4, 5]), draw(seed + 1001, [images, 2, 5])]
        expectClose(
          scores(query, support, shots, neighbours),
          expectedScores(query, support, shots, neighbours),
        )
      }),
      { numRuns: 25 },
    )
  })

  it('permutes its columns with the classes and ignores the order of supports within a class', () => {
    const [query, support] = [draw(1, [4, 3, 6]), draw(2, [4, 3, 6])]
    const [first, second, third, fourth] = support as [number[][], number[][], number[][], number[][]]
    const straight = scores(query, support, [2, 2])
    expectClose(
      scores(query, [fourth, third, second, first], [2, 2]),
      straight.map((row) => [...row].reverse()),
    )
  })

  it('gives finite scores and gradients for zero vectors, duplicates and one-pixel maps', () => {
    const query = [[[0, 0]], [[1, 2]]]
    const support = [[[0, 0]], [[1, 2]], [[1, 2]]]
    const gradients = tf.tidy(() =>
      tf
        .grads((a, b) => tf.sum(imageToClassScores(a as tf.Tensor3D, b as tf.Tensor3D, [1, 2])))([
          tf.tensor3d(query),
          tf.tensor3d(support),
        ])
        .flatMap((gradient) => Array.from(gradient.dataSync())),
    )
    expect(gradients.every(Number.isFinite)).toBe(true)
    expect(scores(query, support, [1, 2])[1]![1]).toBeCloseTo(1, 6)
  })

  it('sends its gradient to the nearest descriptors alone', () => {
    const support = [[[1, 0.1]], [[0.1, 1]]]
    const gradient = tf.tidy(() =>
      tf
        .grad((b) => tf.sum(imageToClassScores(tf.tensor3d([[[1, 0]]]), b as tf.Tensor3D, [2])))(
          tf.tensor3d(support),
        )
        .arraySync(),
    ) as Images
    expect(gradient[0]![0]!.some((value) => value !== 0)).toBe(true)
    expect(gradient[1]![0]).toEqual([0, 0])
  })

  it.each([
    ['operation by operation', false],
    ['as a graph', true],
  ])('has the same scores and gradients whatever its memory, %s', (_how, inGraph) => {
    const cases = fc.record({
      seed: fc.nat(1000),
      shots: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 3 }),
      queries: fc.integer({ min: 1, max: 4 }),
      neighbours: fc.integer({ min: 1, max: 3 }),
      rowsAtOnce: fc.integer({ min: 0, max: 9 }),
    })
    const before = tf.memory().numTensors
    fc.assert(
      fc.property(cases, ({ neighbours, rowsAtOnce, ...drawn }) => {
        const bytesPerRow = drawn.shots.reduce((sum, shot) => sum + shot, 0) * 3 * 4
        const memoryMib = (rowsAtOnce * bytesPerRow) / 2 ** 20
        const bounded = scoresAndGradients(drawn, { neighbours, memoryMib }, inGraph)
        const whole = scoresAndGradients(drawn, { neighbours }, false)
        for (const name of ['scores', 'ofQuery', 'ofSupport'] as const) {
          for (const [index, value] of whole[name].entries())
            expect(bounded[name][index]).toBeCloseTo(value, 5)
        }
      }),
      { numRuns: inGraph ? 10 : 25 },
    )
    expect(tf.memory().numTensors).toBe(before)
  })

  it('never makes a tensor of all cosines where they do not fit, nor does its gradient', async () => {
    const [query, support] = [tf.ones([20, 50, 4]), tf.ones([10, 50, 4])] as [tf.Tensor3D, tf.Tensor3D]
    const measure = (a: tf.Tensor, b: tf.Tensor) =>
      imageToClassScores(a as tf.Tensor3D, b as tf.Tensor3D, [5, 5], { memoryMib: 0.1 })
    const { kernels } = await tf.profile(() => {
      tf.dispose(tf.grads(measure)([query, support], tf.ones([20, 2])))
      return measure(query, support)
    })
    const sizes = kernels.flatMap(({ outputShapes }) =>
      outputShapes.map((shape) => (shape ?? []).reduce((product: number, side) => product * side, 4)),
    )
    expect(Math.max(...sizes)).toBeLessThanOrEqual(0.1 * 2 ** 20)
    expect(Math.max(...sizes)).toBeGreaterThan(0.09 * 2 ** 20)
  })

  it('asks for as many descriptors of a class as there are neighbours', () => {
    const [query, support] = [draw(1, [2, 2, 3]), draw(2, [3, 2, 3])]
    expect(() => scores(query, support, [1, 2], 3)).toThrow('the 3 highest values of 2')
  })

  it('leaves no tensor but its result', () => {
    const [query, support] = [tf.tensor3d(draw(1, [2, 2, 3])), tf.tensor3d(draw(2, [3, 2, 3]))]
    const before = tf.memory().numTensors
    imageToClassScores(query, support, [1, 2], { neighbours: 2 }).dispose()
    expect(tf.memory().numTensors).toBe(before)
    tf.dispose([query, support])
  })
})
