import { InputError, loadEngine, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { crossEntropy, fusionModes, LevelFusion, type FusionMode, type MetricLevel } from './index.js'

beforeAll(async () => {
  await loadEngine()
})

/** A level whose scores are given, for arithmetic by hand. */
function constantLevel(name: string): MetricLevel {
  return {
    name,
    needs: name === 'b' ? ['parts'] : ['map'],
    state: {},
    scores: () => tf.tensor2d(values[name]!),
  }
}

const values: Record<string, number[][]> = {
  a: [
    [1, 2],
    [0, 3],
  ],
  b: [
    [-64, 0],
    [10, -10],
  ],
}

function fusion(mode?: FusionMode) {
  return new LevelFusion(
    [
      { level: constantLevel('a'), weight: 1, temperature: 1 },
      { level: constantLevel('b'), weight: 0.5, temperature: 64 },
    ],
    mode,
  )
}

const softmax = (row: number[]) => {
  const sum = row.reduce((total, value) => total + Math.exp(value), 0)
  return row.map((value) => Math.exp(value) / sum)
}

describe('LevelFusion', () => {
  it('needs what its levels need', () => {
    expect(fusion().needs).toEqual(['map', 'parts'])
  })

  it('needs of unlabelled images what those levels need that look at them', () => {
    expect(fusion().needsOfUnlabelled).toEqual([])
    const looking = { ...constantLevel('a'), needsOfUnlabelled: ['map'] as const }
    const levels = [constantLevel('b'), looking].map((level) => ({ level, weight: 1, temperature: 1 }))
    expect(new LevelFusion(levels).needsOfUnlabelled).toEqual(['map'])
  })

  it.each(fusionModes)('%s: gives probabilities that are the prediction by the sum of weights', (mode) => {
    const rows = tf.tidy(() => {
      const scores = fusion(mode).scores({ shots: [1, 1] }, {}, { training: false })
      const given = fusion(mode).fusedProbabilities(scores).arraySync()
      const predicted = fusion(mode).predict(scores).arraySync()
      return given.map((row, query) => ({ row, expected: predicted[query]!.map((value) => value / 1.5) }))
    })
    for (const { row, expected } of rows) {
      expect(row[0]! + row[1]!).toBeCloseTo(1, 5)
      for (const [way, value] of row.entries()) expect(value).toBeCloseTo(expected[way]!, 6)
    }
  })

  it('weights the cross entropies of scores divided by the temperature', () => {
    const labels = [1, 0]
    const expected = [values.a!, values.b!.map((row) => row.map((value) => value / 64))]
      .map((rows) => rows.map((row, index) => -Math.log(softmax(row)[labels[index]!]!)))
      .map((losses) => (losses[0]! + losses[1]!) / 2)
    const loss = tf.tidy(() => {
      const scores = fusion().scores({ shots: [1, 1] }, {}, { training: true })
      return fusion().loss(scores, tf.tensor1d(labels, 'int32')).dataSync()[0]!
    })
    expect(loss).toBeCloseTo(expected[0]! + 0.5 * expected[1]!, 5)
  })

  it.each([
    ['released', 1],
    ['consistent', 64],
  ] as const)('predicts %s: temperature %d', (mode, temperature) => {
    const predicted = tf.tidy(() =>
      fusion(mode)
        .predict(fusion(mode).scores({ shots: [1, 1] }, {}, { training: false }))
        .arraySync(),
    )
    for (const [index, row] of predicted.entries()) {
      const a = softmax(values.a![index]!)
      const b = softmax(values.b![index]!.map((value) => value / temperature))
      expect(row[0]).toBeCloseTo(a[0]! + 0.5 * b[0]!, 5)
      expect(row[1]).toBeCloseTo(a[1]! + 0.5 * b[1]!, 5)
    }
  })
})

describe('LevelFusion of a product', () => {
  it('predicts the geometric mean of the probabilities, weighted, made to sum to the weights', () => {
    const predicted = tf.tidy(() =>
      fusion('product')
        .predict(fusion('product').scores({ shots: [1, 1] }, {}, { training: false }))
        .arraySync(),
    )
    for (const [index, row] of predicted.entries()) {
      const a = softmax(values.a![index]!)
      const b = softmax(values.b![index]!.map((value) => value / 64))
      const mixed = a.map((value, way) => value ** (1 / 1.5) * b[way]! ** (0.5 / 1.5))
      const total = mixed.reduce((sum, value) => sum + value, 0)
      for (const [way, value] of mixed.entries()) expect(row[way]).toBeCloseTo((1.5 * value) / total, 5)
    }
  })
})

describe('LevelFusion refuses', () => {
  const made = (weight: number, temperature: number) => () =>
    new LevelFusion([{ level: constantLevel('a'), weight, temperature }])

  it.each([
    [1, 0, 'level a: its temperature is 0; expected a number from 1e-30 to 1e+30'],
    [1, NaN, 'level a: its temperature is NaN'],
    [1, Infinity, 'level a: its temperature is Infinity'],
    [1, -4, 'level a: its temperature is -4'],
    [NaN, 1, 'level a: its weight is NaN; expected a finite number from 0 on'],
    [Infinity, 1, 'the weights of a sum to Infinity'],
    [-1, 1, 'level a: its weight is -1'],
    [1e39, 1, 'the weights of a sum to 1e+39; expected a number from 1e-30 to 1e+30'],
    [1, 1e-300, 'level a: its temperature is 1e-300; expected a number from 1e-30 to 1e+30'],
    [0, 1, 'the weights of a sum to 0; expected a number from 1e-30 to 1e+30'],
  ])('the weight %d with the temperature %d', (weight, temperature, message) => {
    expect(made(weight, temperature)).toThrow(message)
  })
})

describe('LevelFusion of levels that are solved', () => {
  const solved = (weight: number) =>
    new LevelFusion([
      { level: constantLevel('a'), weight: 1, temperature: 1 },
      { level: { ...constantLevel('b'), trainable: false }, weight, temperature: 1 },
    ])

  it('is not trained by a level that is for evaluation alone, unless that counts nothing', () => {
    expect(() => solved(1).requireTrainable()).toThrow('level b is for evaluation alone')
    expect(() => solved(0).requireTrainable()).not.toThrow()
    expect(() => fusion().requireTrainable()).not.toThrow()
  })

  it('asks every level whether it is ready', () => {
    const unready = {
      ...constantLevel('b'),
      requireReady: () => {
        throw new InputError('level b is not')
      },
    }
    expect(() => fusion().requireReady()).not.toThrow()
    const metric = new LevelFusion([{ level: unready, weight: 1, temperature: 1 }])
    expect(() => metric.requireReady()).toThrow('level b is not')
  })
})

describe('crossEntropy', () => {
  it('is finite for scores far apart', () => {
    const loss = tf.tidy(() => crossEntropy(tf.tensor2d([[0, 1000]]), tf.tensor1d([0], 'int32')).dataSync())
    expect(loss[0]).toBeCloseTo(1000, 2)
  })
})
