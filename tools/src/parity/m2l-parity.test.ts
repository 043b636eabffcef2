import { fileURLToPath } from 'node:url'
import { createBackbone } from '@m2l/backbones'
import { loadEngine, randomKey, tf } from '@m2l/engine'
import { LevelFusion, type Embedding, type Support } from '@m2l/metric'
import { globalLevel } from '@m2l/metric-global'
import { partLevel, type PartAdjacency } from '@m2l/metric-part'
import { pixelLevel } from '@m2l/metric-pixel'
import { assignState, loadSafetensors, sgd, type StateDict, type StoredTensor } from '@m2l/nn'
import { episodeStep, FewShotModel, interval95, type EpisodeTensors } from '@m2l/trainer'
import { beforeAll, describe, expect, it } from 'vitest'
import { generatedValues } from './generated-tensor.js'

const salt = 'public'

beforeAll(async () => {
  await loadEngine()
})

const load = (name: string) =>
  loadSafetensors(fileURLToPath(new URL(`testdata/${name}.safetensors`, import.meta.url)))

/** A generated tensor of PyTorch's layout N x C x H x W, as N x H x W x C. */
function images(name: string, n: number, channels: number, side: number, scale = 1): tf.Tensor4D {
  return tf.tidy(() => {
    const values = generatedValues(salt, name, n * channels * side * side, scale)
    return tf.transpose(tf.tensor4d(values, [n, channels, side, side]), [0, 2, 3, 1])
  })
}

function parts(name: string, n: number, channels: number): tf.Tensor3D {
  return tf.tensor3d(generatedValues(salt, name, n * 13 * channels), [n, 13, channels])
}

/** The graph's weights as the parity cases generate them. */
function graphWeights(channels: number): Record<string, StoredTensor> {
  const hidden = 4 * channels
  const weight = (name: string, shape: number[], width: number) => {
    const count = shape.reduce((product, side) => product * side, 1)
    return { shape, data: generatedValues(salt, name, count, width ** -0.5) }
  }
  return {
    'graph.gc1.weight': weight('graph.gc1.weight', [channels, hidden], hidden),
    'graph.gc1.bias': weight('graph.gc1.bias', [hidden], hidden),
    'graph.gc2.weight': weight('graph.gc2.weight', [hidden, channels], channels),
    'graph.gc2.bias': weight('graph.gc2.bias', [channels], channels),
  }
}

function m2l(channels: number, graph: PartAdjacency = 'identity'): LevelFusion {
  const part = partLevel({ channels, key: randomKey(1), graph, graphDropout: 0 })
  assignState(part.state, graphWeights(channels), 'generated')
  return new LevelFusion([
    { level: part, weight: 1, temperature: 1 },
    { level: pixelLevel(), weight: 0.5, temperature: 1 },
    { level: globalLevel(), weight: 0.5, temperature: 64 },
  ])
}

/** The largest difference as a share of the largest value expected. */
function difference(actual: tf.Tensor, expected: StoredTensor): number {
  expect(actual.shape).toEqual(expected.shape)
  const values = actual.dataSync()
  let largest = 0
  let largestDifference = 0
  for (const [index, value] of (expected.data as Float32Array).entries()) {
    largest = Math.max(largest, Math.abs(value))
    largestDifference = Math.max(largestDifference, Math.abs(values[index]! - value))
  }
  return largestDifference / largest
}

describe('levels, against PyTorch', () => {
  const [channels, side, ways, shot, queries] = [64, 2, 3, 2, 4]
  const tag = 'c64_h2_w3_k2_q4'
  const tolerance = 1e-4
  const shots = Array.from({ length: ways }, () => shot)
  const labels = Array.from({ length: ways * queries }, (_, index) => index % ways)
  let expected: Readonly<Record<string, StoredTensor>>

  beforeAll(async () => {
    expected = (await load(`levels_${tag}`)).tensors
  })

  function inputs(): { support: Support; query: Embedding } {
    return {
      support: {
        shots,
        map: images(`${tag}.support`, ways * shot, channels, side),
        parts: parts(`${tag}.support_parts`, ways * shot, channels),
      },
      query: {
        map: images(`${tag}.query`, ways * queries, channels, side),
        parts: parts(`${tag}.query_parts`, ways * queries, channels),
      },
    }
  }

  it.each([
    ['pixel_k1', pixelLevel()],
    ['pixel_k3', pixelLevel({ neighbours: 3 })],
    ['global', globalLevel()],
  ] as const)('%s', (name, level) => {
    tf.tidy(() => {
      const { support, query } = inputs()
      expect(difference(level.scores(support, query, { training: false }), expected[name]!)).toBeLessThan(
        tolerance,
      )
    })
  })

  it.each(['identity', 'class', 'full'] as const)('part_%s', (graph) => {
    tf.tidy(() => {
      const { support, query } = inputs()
      const scores = m2l(channels, graph).scores(support, query, { training: false })
      expect(difference(scores.part!, expected[`part_${graph}`]!)).toBeLessThan(tolerance)
    })
  })

  it('m2l_loss, m2l_fused and the gradients of the loss', () => {
    tf.tidy(() => {
      const { support, query } = inputs()
      const metric = m2l(channels)
      const scores = metric.scores(support, query, { training: false })
      const target = tf.tensor1d(labels, 'int32')
      expect(difference(metric.loss(scores, target).reshape([1]), expected.m2l_loss!)).toBeLessThan(tolerance)
      expect(difference(metric.predict(scores), expected.m2l_fused!)).toBeLessThan(tolerance)
      const gradients = tf.grads((supportMap, supportParts, queryMap, queryParts) => {
        const computed = metric.scores(
          { shots, map: supportMap as tf.Tensor4D, parts: supportParts as tf.Tensor3D },
          { map: queryMap as tf.Tensor4D, parts: queryParts as tf.Tensor3D },
          { training: true, key: randomKey(1) },
        )
        return metric.loss(computed, target)
      })([support.map!, support.parts!, query.map!, query.parts!])
      const [supportMap, supportParts, queryMap, queryParts] = gradients as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ]
      const asPyTorch = (map: tf.Tensor) => tf.transpose(map, [0, 3, 1, 2])
      expect(difference(asPyTorch(supportMap), expected.grad_support!)).toBeLessThan(tolerance)
      expect(difference(asPyTorch(queryMap), expected.grad_query!)).toBeLessThan(tolerance)
      expect(difference(supportParts, expected.grad_support_parts!)).toBeLessThan(tolerance)
      expect(difference(queryParts, expected.grad_query_parts!)).toBeLessThan(tolerance)
    })
  })
})

describe('ten training steps of M2L, against PyTorch', () => {
  const [size, ways, queries] = [32, 5, 3]
  const losses = [
    3.211402416229248, 3.2197890281677246, 3.213832378387451, 3.235157012939453, 3.2285871505737305,
    3.2345662117004395, 3.2192342281341553, 3.210803508758545, 3.222552537918091, 3.2208075523376465,
  ]
  const tolerance = 2e-3
  // Where a rectifier's input is within rounding of zero, two right programs part: multiplying the images by
  // 1 + 1e-6 moves the final weights by up to 3e-3 of the largest.
  const weightTolerance = 5e-3

  it('gives the losses and the final weights', async () => {
    const { tensors: expected } = await load('run_m2l')
    const backbone = createBackbone('FourLayer_64F_4x', randomKey(1))
    assignState(backbone.state, generatedEncoder(backbone.state), 'generated')
    const model = new FewShotModel(backbone, m2l(backbone.channels))
    const optimiser = sgd(model.state, { momentum: 0.9, nesterov: true, weightDecay: 5e-4 })
    const step = episodeStep(model, optimiser)
    for (const [index, loss] of losses.entries()) {
      const episode: EpisodeTensors = {
        support: {
          count: ways,
          whole: images(`run${index}.support`, ways, 3, size, 2),
          parts: images(`run${index}.support_parts`, ways * 13, 3, size, 2),
        },
        shots: Array.from({ length: ways }, () => 1),
        query: {
          count: ways * queries,
          whole: images(`run${index}.query`, ways * queries, 3, size, 2),
          parts: images(`run${index}.query_parts`, ways * queries * 13, 3, size, 2),
        },
        labels: tf.tensor1d(
          Array.from({ length: ways * queries }, (_, query) => query % ways),
          'int32',
        ),
      }
      const measured = step([episode], 0.01, randomKey(index)).loss.dataSync()[0]!
      expect(Math.abs(measured - loss) / loss).toBeLessThan(tolerance)
    }
    for (const [name, tensor] of Object.entries(expected)) {
      const { value, layout } = model.state[name]!
      const inFile = layout === 'convolution' ? tf.transpose(value, [3, 2, 0, 1]) : value
      expect(difference(inFile, tensor), name).toBeLessThan(weightTolerance)
    }
  })

  /** Weights and statistics of the encoder as the parity cases generate them. */
  function generatedEncoder(state: StateDict): Record<string, StoredTensor> {
    return Object.fromEntries(
      Object.entries(state).map(([name, { value, layout }]) => {
        const [height, width, input, output] = value.shape as number[]
        const isConvolution = layout === 'convolution'
        const shape = isConvolution ? [output!, input!, height!, width!] : value.shape
        const [scale, shift] = isConvolution
          ? [Math.sqrt(6 / (input! * height! * width!)), 0]
          : batchNormScales[name.slice(name.lastIndexOf('.') + 1)]!
        return [name, { shape, data: generatedValues(salt, `encoder.${name}`, value.size, scale, shift) }]
      }),
    )
  }

  const batchNormScales: Record<string, [scale: number, shift: number]> = {
    weight: [0.5, 1],
    bias: [0.2, 0],
    running_mean: [0.1, 0],
    running_var: [0.5, 1],
  }
})

it('the interval of 600 accuracies, against SciPy', () => {
  const { mean, halfWidth95 } = interval95(generatedValues(salt, 'interval.accuracies', 600, 0.3, 0.6))
  expect(mean).toBeCloseTo(0.5894217196106911, 8)
  expect(halfWidth95).toBeCloseTo(0.014128555533667814, 8)
})
