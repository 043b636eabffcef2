import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { BatchNorm, Convolution, disposeState, Linear, xavierUniform } from '../index.js'

const key = randomKey(11)

beforeAll(async () => {
  await loadEngine()
})

function batch(...shape: [number, number, number, number]): tf.Tensor4D {
  return tf.tidy(() => tf.add(tf.mul(randomUniform(key.fold('batch'), shape), 3), 1))
}

describe('Convolution', () => {
  it.each([
    ['same', [2, 5, 6, 4]],
    ['valid', [2, 3, 4, 4]],
  ] as const)('pads %s', (padding, shape) => {
    const start = tf.memory().numTensors
    const options = { key, inputChannels: 3, outputChannels: 4, kernelSize: 3, padding }
    const convolution = new Convolution({ ...options, initialise: xavierUniform })
    const x = batch(2, 5, 6, 3)
    const y = convolution.forward(x)
    expect(y.shape).toEqual(shape)
    tf.dispose([x, y])
    disposeState(convolution.state)
    expect(tf.memory().numTensors).toBe(start)
  })
})

describe('Linear', () => {
  it('multiplies and adds', () => {
    const start = tf.memory().numTensors
    const linear = new Linear({ key, inputs: 2, outputs: 3 })
    const values = tf.tidy(() => {
      linear.state.weight!.value.assign(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]))
      linear.state.bias!.value.assign(tf.tensor1d([10, 20, 30]))
      return Array.from(linear.forward(tf.tensor2d([1, 1], [1, 2])).dataSync())
    })
    expect(values).toEqual([15, 27, 39])
    disposeState(linear.state)
    expect(tf.memory().numTensors).toBe(start)
  })

  it('goes without a bias', () => {
    const linear = new Linear({ key, inputs: 2, outputs: 3, bias: false })
    expect(Object.keys(linear.state)).toEqual(['weight'])
    disposeState(linear.state)
  })
})

describe('BatchNorm', () => {
  const statistics = (norm: BatchNorm) =>
    [norm.state.running_mean!, norm.state.running_var!].map(({ value }) => Array.from(value.dataSync()))

  it('normalises with the batch in training and moves the running statistics by a tenth', () => {
    const start = tf.memory().numTensors
    const norm = new BatchNorm(3)
    const x = batch(2, 4, 4, 3)
    tf.tidy(() => {
      const { mean, variance } = tf.moments(norm.forward(x, { training: true }), [0, 1, 2])
      for (const value of mean.dataSync()) expect(value).toBeCloseTo(0, 5)
      for (const value of variance.dataSync()) expect(value).toBeCloseTo(1, 4)
      const batchMoments = tf.moments(x, [0, 1, 2])
      const [means, variances] = statistics(norm)
      for (const [channel, value] of batchMoments.mean.dataSync().entries()) {
        expect(means![channel]).toBeCloseTo(0.1 * value, 5)
      }
      for (const [channel, value] of batchMoments.variance.dataSync().entries()) {
        expect(variances![channel]).toBeCloseTo(0.9 + (0.1 * value * 32) / 31, 5)
      }
    })
    x.dispose()
    disposeState(norm.state)
    expect(tf.memory().numTensors).toBe(start)
  })

  it.each([
    ['in evaluation', { training: false }],
    ['where it is fixed', { training: true, fixBatchNorm: true }],
  ])('normalises with the running statistics %s and leaves them', (_, context) => {
    const norm = new BatchNorm(2)
    const x = batch(2, 2, 2, 2)
    tf.tidy(() => {
      norm.state.running_mean!.value.assign(tf.tensor1d([1, 2]))
      norm.state.running_var!.value.assign(tf.tensor1d([4, 9]))
      norm.state.weight!.value.assign(tf.tensor1d([2, 3]))
      norm.state.bias!.value.assign(tf.tensor1d([5, 7]))
      const expected = tf.add(tf.sub(x, [1, 2]), [5, 7]).dataSync()
      const found = norm.forward(x, context).dataSync()
      for (const [index, value] of found.entries()) expect(value).toBeCloseTo(expected[index]!, 4)
    })
    expect(statistics(norm)).toEqual([
      [1, 2],
      [4, 9],
    ])
    x.dispose()
    disposeState(norm.state)
  })
})
