import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { prototypes } from '@m2l/metric'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { globalLevel, refinePrototypes, type PrototypeRefinementOptions } from './index.js'

beforeAll(async () => {
  await loadEngine()
})

type Rows = readonly (readonly number[])[]

/** The published formulas in plain numbers. */
function refinedByHand(
  supports: Rows,
  labels: readonly number[],
  unlabelled: Rows,
  options: { steps: number; lengthScale: number; distractorLengthScale?: number },
): number[][] {
  const ways = Math.max(...labels) + 1
  const channels = supports[0]!.length
  const squaredDistance = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, index) => sum + (value - b[index]!) ** 2, 0)
  const weightedMeans = (assignments: Rows) =>
    Array.from({ length: ways }, (_, way) => {
      const weights = [
        ...labels.map((label) => Number(label === way)),
        ...assignments.map((row) => row[way]!),
      ]
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      return Array.from({ length: channels }, (_channel, channel) => {
        const values = [...supports, ...unlabelled].map((x) => x[channel]!)
        return values.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0) / total
      })
    })
  let means = weightedMeans([])
  for (let step = 0; step < options.steps; step++) {
    const { distractorLengthScale: r } = options
    const clusters = [
      ...means.map((mean) => [mean, options.lengthScale] as const),
      ...(r === undefined ? [] : [[Array.from({ length: channels }, () => 0), r] as const]),
    ]
    const assignments = unlabelled.map((x) => {
      const densities = clusters.map(([mean, scale]) => {
        const a = 0.5 * Math.log(2 * Math.PI) + Math.log(scale)
        return Math.exp(-squaredDistance(x, mean) / scale ** 2 - a)
      })
      const total = densities.reduce((sum, density) => sum + density, 0)
      return densities.map((density) => density / total)
    })
    means = weightedMeans(assignments)
  }
  return means
}

const value = fc.float({ min: -2, max: 2, noNaN: true })
const rows = (length: number) =>
  fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { minLength: length, maxLength: length })
const problem = fc
  .record({
    shots: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 4 }),
    images: fc.integer({ min: 1, max: 6 }),
    steps: fc.integer({ min: 1, max: 3 }),
    lengthScale: fc.double({ min: 0.5, max: 3, noNaN: true }),
    distractorLengthScale: fc.option(fc.double({ min: 0.5, max: 3, noNaN: true }), { nil: undefined }),
  })
  .chain(({ shots, images, ...options }) =>
    fc.record({
      shots: fc.constant(shots),
      supports: rows(shots.reduce((sum, shot) => sum + shot, 0)),
      unlabelled: rows(images),
      options: fc.constant(options),
    }),
  )

describe('refinePrototypes', () => {
  it('is what the published formulas give', () => {
    fc.assert(
      fc.property(problem, ({ shots, supports, unlabelled, options }) => {
        const { distractorLengthScale: r, ...scales } = options
        const labels = shots.flatMap((shot, way) => Array.from({ length: shot }, () => way))
        const expected = refinedByHand(supports, labels, unlabelled, {
          ...scales,
          ...(r && { distractorLengthScale: r }),
        })
        const actual = tf.tidy(() =>
          refinePrototypes(
            prototypes(tf.tensor2d(supports as number[][]), shots),
            shots,
            tf.tensor2d(unlabelled as number[][]),
            {
              ...scales,
              ...(r && { distractorLengthScale: tf.scalar(r) }),
            },
          ).arraySync(),
        )
        for (const [way, row] of expected.entries()) {
          for (const [channel, mean] of row.entries()) expect(actual[way]![channel]).toBeCloseTo(mean, 4)
        }
      }),
    )
  })

  it('moves prototypes to their clusters, and leaves what is far from all to the distractors', () => {
    tf.tidy(() => {
      const classMeans = tf.tensor2d([
        [8, 0],
        [0, 8],
      ])
      const images = tf.tensor2d([[10, 0], [0, 10], [0.5, 0.5]]) // prettier-ignore
      const alone = refinePrototypes(classMeans, [1, 1], images)
      const guarded = refinePrototypes(classMeans, [1, 1], images, { distractorLengthScale: tf.scalar(1) })
      expect(
        guarded
          .arraySync()
          .flat()
          .map((mean) => Math.round(mean * 1e4) / 1e4),
      ).toEqual([9, 0, 0, 9])
      expect(alone.arraySync()[0]![0]).toBeLessThan(8)
    })
  })

  it('is finite, with finite gradients, for images that are equal, zero, or very far', () => {
    const cases: Rows[] = [
      [[0, 0, 0]],
      [[0, 0, 0], [0, 0, 0]],
      [[1e4, -1e4, 1e4]],
      [[1e-30, 0, 0], [1e4, 0, 0]],
    ] // prettier-ignore
    for (const unlabelled of cases) {
      for (const supports of [
        [
          [0, 0, 0],
          [0, 0, 0],
        ],
        [
          [1e4, 0, 0],
          [0, 1e-20, 0],
        ],
      ] as number[][][]) {
        tf.tidy(() => {
          const loss = (means: tf.Tensor, images: tf.Tensor, scale: tf.Tensor) =>
            tf.sum(
              refinePrototypes(means as tf.Tensor2D, [1, 1], images as tf.Tensor2D, {
                steps: 2,
                distractorLengthScale: scale as tf.Scalar,
              }),
            ) as tf.Scalar
          const { value: sum, grads } = tf.valueAndGrads(loss)([
            tf.tensor2d(supports),
            tf.tensor2d(unlabelled as number[][]),
            tf.scalar(1),
          ])
          const values = [sum, ...grads].flatMap((tensor) => Array.from(tensor.dataSync()))
          expect(values.filter((number) => !Number.isFinite(number))).toEqual([])
        })
      }
    }
  })

  it('leaves the prototypes as they are when there is no image', () => {
    tf.tidy(() => {
      const means = tf.tensor2d([[1, 2], [3, 4]]) // prettier-ignore
      const refined = refinePrototypes(means, [1, 1], tf.zeros([0, 2]))
      expect(refined.arraySync()).toEqual(means.arraySync())
    })
  })
})

describe('the global level with unlabelled images', () => {
  const context = { training: false }
  const map = (seed: number, count: number) => randomUniform(randomKey(seed), [count, 2, 2, 3]) as tf.Tensor4D
  const scoresOf = (options: PrototypeRefinementOptions, withUnlabelled = true) =>
    tf.tidy(() => {
      const support = {
        map: map(1, 3),
        shots: [2, 1],
        ...(withUnlabelled && { unlabelled: { map: map(2, 6) } }),
      }
      return globalLevel(options)
        .scores(support, { map: map(3, 2) }, context)
        .arraySync()
    })

  it('asks for their maps only where it refines', () => {
    expect(globalLevel().needsOfUnlabelled).toEqual([])
    expect(globalLevel({ refine: 'soft' }).needsOfUnlabelled).toEqual(['map'])
  })

  it('does not look at them unless told to, and needs none', () => {
    expect(scoresOf({})).toEqual(scoresOf({}, false))
    expect(scoresOf({ refine: 'soft' }, false)).toEqual(scoresOf({}, false))
    expect(scoresOf({ refine: 'soft' })).not.toEqual(scoresOf({}))
  })

  it('is the distance to the refined prototypes', () => {
    const expected = tf.tidy(() => {
      const pool = (tensor: tf.Tensor4D) => tf.mean(tensor, [1, 2]) as tf.Tensor2D
      const means = refinePrototypes(prototypes(pool(map(1, 3)), [2, 1]), [2, 1], pool(map(2, 6)), {
        steps: 2,
        lengthScale: 0.3,
        distractorLengthScale: tf.scalar(0.3),
      })
      const difference = tf.sub(tf.expandDims(pool(map(3, 2)), 1), tf.expandDims(means, 0))
      return tf.neg(tf.sum(tf.square(difference), 2)).arraySync() as number[][]
    })
    const actual = scoresOf({ refine: 'soft-with-distractors', refineSteps: 2, lengthScale: 0.3 })
    for (const [query, row] of expected.entries()) {
      for (const [way, score] of row.entries()) expect(actual[query]![way]).toBeCloseTo(score, 5)
    }
  })

  it('learns the length scale of distractors, and has no other weight', () => {
    expect(globalLevel({ refine: 'soft' }).state).toEqual({})
    const { state, scores } = globalLevel({ refine: 'soft-with-distractors', lengthScale: 0.5 })
    const [name, parameter] = Object.entries(state)[0]!
    expect([name, parameter.trainable, parameter.value.shape]).toEqual([
      'distractor_log_length_scale',
      true,
      [],
    ])
    const { grads } = tf.variableGrads(
      () =>
        tf.sum(
          scores(
            { map: map(1, 2), shots: [1, 1], unlabelled: { map: map(2, 4) } },
            { map: map(3, 1) },
            context,
          ),
        ) as tf.Scalar,
      [parameter.value],
    )
    expect(Math.abs(grads[parameter.value.name]!.dataSync()[0]!)).toBeGreaterThan(1e-6)
    tf.dispose([grads, parameter.value])
  })

  it('leaves no tensor but its result', () => {
    const [support, query, unlabelled] = [map(1, 2), map(2, 3), map(3, 4)]
    const level = globalLevel({ refine: 'soft-with-distractors' })
    const before = tf.memory().numTensors
    level
      .scores({ map: support, shots: [1, 1], unlabelled: { map: unlabelled } }, { map: query }, context)
      .dispose()
    expect(tf.memory().numTensors).toBe(before)
    tf.dispose([support, query, unlabelled, level.state.distractor_log_length_scale!.value])
  })
})
