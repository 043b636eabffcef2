import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { imageToClassScores } from './index.js'

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

  it('leaves no tensor but its result', () => {
    const [query, support] = [tf.tensor3d(draw(1, [2, 2, 3])), tf.tensor3d(draw(2, [3, 2, 3]))]
    const before = tf.memory().numTensors
    imageToClassScores(query, support, [1, 2], { neighbours: 2 }).dispose()
    expect(tf.memory().numTensors).toBe(before)
    tf.dispose([query, support])
  })
})
