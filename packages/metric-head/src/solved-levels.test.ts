import { graphFunction, loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import type { MetricLevel } from '@m2l/metric'
import { disposeState } from '@m2l/nn'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  cacheLevel,
  gdaLevel,
  logisticLevel,
  matchingLevel,
  nearestMeanLevel,
  probeLevel,
  ridgeLevel,
} from './index.js'

beforeAll(async () => {
  await loadEngine({ device: 'cpu' })
})

const levels: readonly (readonly [name: string, create: () => MetricLevel])[] = [
  ['nearest-mean', () => nearestMeanLevel()],
  ['logistic', () => logisticLevel()],
  ['ridge', () => ridgeLevel()],
  ['gda', () => gdaLevel()],
  ['cache', () => cacheLevel()],
  ['matching', () => matchingLevel()],
  ['probe', () => probeLevel()],
]

const context = { training: false }

/** Unit vectors around their classes' centres, [images, 1, 1, channels]. */
function mapOf(seed: number, shots: readonly number[], channels = 6): tf.Tensor4D {
  return tf.tidy(() => {
    const key = randomKey(seed)
    const classes = shots.map((shot, label) =>
      tf.add(
        randomUniform(key.fold('centre', label), [1, channels]),
        randomUniform(key.fold('image', label), [shot, channels]).sub(0.5),
      ),
    )
    const features = tf.concat(classes)
    return tf.div(features, tf.norm(features, 2, 1, true)).reshape([-1, 1, 1, channels])
  })
}

function expectCloseTo(actual: readonly number[], expected: readonly number[], share: number) {
  const largest = Math.max(1e-6, ...expected.map(Math.abs))
  expect(actual.length).toBe(expected.length)
  const differences = expected.map((value, index) => Math.abs(value - actual[index]!))
  expect(Math.max(...differences) / largest).toBeLessThan(share)
}

const flat = (tensor: tf.Tensor) => Array.from(tensor.dataSync())

describe.each(levels)('the level %s', (name, create) => {
  it('asks for maps and says so when there is none, and leaves no tensor but its result', () => {
    const map = mapOf(1, [2, 3])
    const before = tf.memory().numTensors
    const level = create()
    expect(level.name).toBe(name)
    expect(level.needs).toEqual(['map'])
    expect(() => level.scores({ shots: [1] }, {}, context)).toThrow(`level ${name} needs \`map\``)
    const scores = level.scores({ map, shots: [2, 3] }, { map }, context)
    expect(scores.shape).toEqual([5, 2])
    scores.dispose()
    disposeState(level.state)
    expect(tf.memory().numTensors).toBe(before)
    map.dispose()
  })

  it('gives the same in a graph and on a back end without native code', async () => {
    const level = create()
    const reasons: string[] = []
    const compute = ({ support, query }: { support: tf.Tensor; query: tf.Tensor }) => ({
      scores: level.scores(
        { map: support as tf.Tensor4D, shots: [2, 3, 1], drawnShots: 2 },
        { map: query as tf.Tensor4D },
        context,
      ),
    })
    const graph = graphFunction(compute, { onEager: (reason) => reasons.push(reason) })
    const inputs = { support: mapOf(2, [2, 3, 1]), query: mapOf(3, [2, 2, 2]) }
    const eager = tf.tidy(() => flat(compute(inputs).scores))
    expectCloseTo(
      tf.tidy(() => flat(graph(inputs).scores)),
      eager,
      1e-4,
    )
    expect(reasons).toEqual([])
    graph.dispose()
    await tf.setBackend('cpu')
    const portable = tf.tidy(() => flat(compute(inputs).scores))
    await tf.setBackend('tensorflow')
    expectCloseTo(portable, eager, 1e-4)
    disposeState(level.state)
    tf.dispose(inputs)
  })
})

/** Weights [ways][channels] and biases of a linear level, by its scores of axes and of nothing. */
function classifierOf(level: MetricLevel, map: tf.Tensor4D, shots: readonly number[]) {
  return tf.tidy(() => {
    const channels = map.shape[3]
    const scores = (query: tf.Tensor) =>
      level
        .scores({ map, shots }, { map: query.reshape([-1, 1, 1, channels]) }, context)
        .arraySync() as number[][]
    const bias = scores(tf.zeros([1, channels]))[0]!
    const ofAxes = scores(tf.eye(channels))
    const weights = bias.map((offset, way) => ofAxes.map((row) => row[way]! - offset))
    return { weights, bias }
  })
}

describe('logistic', () => {
  it('is where the gradient of its objective vanishes, whatever C and the examples', () => {
    const tasks = fc.record({
      seed: fc.nat(1e6),
      shots: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 5 }),
      C: fc.constantFrom(0.1, 1, 10, 100),
    })
    fc.assert(
      fc.property(tasks, ({ seed, shots, C }) => {
        const map = mapOf(seed, shots)
        const { weights, bias } = classifierOf(logisticLevel({ C }), map, shots)
        const features = map.reshape([-1, 6]).arraySync() as number[][]
        map.dispose()
        const labels = shots.flatMap((shot, label) => Array.from({ length: shot }, () => label))
        const errors = features.map((x, image) => {
          const logits = weights.map((row, way) => row.reduce((sum, w, c) => sum + w * x[c]!, bias[way]!))
          const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)))
          const total = exponentials.reduce((sum, value) => sum + value, 0)
          return exponentials.map((value, way) => (way === labels[image] ? 1 : 0) - value / total)
        })
        const pull = weights.map((row, way) =>
          row.map((_, c) => C * features.reduce((sum, x, image) => sum + x[c]! * errors[image]![way]!, 0)),
        )
        expectCloseTo(pull.flat(), weights.flat(), 2e-3)
        for (const [way] of weights.entries())
          expect(Math.abs(errors.reduce((sum, row) => sum + row[way]!, 0))).toBeLessThan(2e-3)
      }),
      { numRuns: 15 },
    )
  })
})

describe('probe', () => {
  it.each([
    ['with a weight penalty for one or two examples', [2, 1, 2]],
    ['without it for more', [3, 4, 3]],
  ])('takes the steps of gradient descent with momentum, %s', (_name, shots) => {
    const map = mapOf(5, shots)
    const { weights, bias } = classifierOf(probeLevel(), map, shots)
    // A feature that is 1 stands for the bias.
    const x = (map.reshape([-1, 6]).arraySync() as number[][]).map((row) => [...row, 1])
    map.dispose()
    const labels = shots.flatMap((shot, label) => Array.from({ length: shot }, () => label))
    const decay = Math.max(...shots) <= 2 ? 1 : 0
    const gram = x.map((a) => x.map((b) => a.reduce((sum, value, c) => sum + value * b[c]!, 0)))
    let vector = x.map(() => 1)
    let largest = 0
    for (let step = 0; step < 200; step++) {
      const product = gram.map((row) => row.reduce((sum, value, index) => sum + value * vector[index]!, 0))
      largest = Math.hypot(...product)
      vector = product.map((value) => value / largest)
    }
    const rate = 4 / (largest + 4 * decay)
    let w = shots.map((shot, way) =>
      x[0]!.map((_, c) => x.reduce((sum, row, i) => sum + (labels[i] === way ? row[c]! / shot : 0), 0)),
    )
    let velocity = w.map((row) => row.map(() => 0))
    for (let epoch = 0; epoch < 300; epoch++) {
      const errors = x.map((row, image) => {
        const logits = w.map((ofWay) => ofWay.reduce((sum, value, c) => sum + value * row[c]!, 0))
        const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)))
        const total = exponentials.reduce((sum, value) => sum + value, 0)
        return exponentials.map((value, way) => value / total - (way === labels[image] ? 1 : 0))
      })
      const gradient = w.map((row, way) =>
        row.map(
          (value, c) => decay * value + x.reduce((sum, image, i) => sum + errors[i]![way]! * image[c]!, 0),
        ),
      )
      velocity = velocity.map((row, way) => row.map((value, c) => 0.9 * value - rate * gradient[way]![c]!))
      w = w.map((row, way) => row.map((value, c) => value + velocity[way]![c]!))
    }
    expectCloseTo(
      weights.flatMap((row, way) => [...row, bias[way]!]),
      w.flat(),
      1e-3,
    )
  })
})

describe('gda', () => {
  it('is the nearest mean where every class has one example', () => {
    tf.tidy(() => {
      const support = { map: mapOf(6, [1, 1, 1]), shots: [1, 1, 1] }
      const query = { map: mapOf(7, [2, 2, 2]) }
      const [found, expected] = [gdaLevel(), nearestMeanLevel()].map((level) =>
        flat(level.scores(support, query, context)),
      ) as [number[], number[]]
      expectCloseTo(found, expected, 1e-5)
    })
  })

  it('ranks classes alike whether all channels count or the effective ones', () => {
    tf.tidy(() => {
      const support = { map: mapOf(8, [3, 3, 3]), shots: [3, 3, 3] }
      const query = { map: mapOf(9, [5, 5, 5]) }
      const [all, effective] = (['all', 'effective'] as const).map((dimensions) =>
        flat(tf.argMax(gdaLevel({ dimensions }).scores(support, query, context), 1)),
      )
      expect(effective).toEqual(all)
    })
  })
})

describe('nearest-mean', () => {
  it('does not subtract a mean that it was never given', () => {
    const level = nearestMeanLevel({ normalise: 'cl2n', channels: 6 })
    expect(() => level.requireReady!()).toThrow('take normalise: l2n')
    tf.tidy(() => level.state.base_images!.value.assign(tf.tensor1d([4])))
    expect(() => level.requireReady!()).not.toThrow()
    disposeState(level.state)
    expect(() => nearestMeanLevel({ normalise: 'cl2n' })).toThrow(RangeError)
  })
})
