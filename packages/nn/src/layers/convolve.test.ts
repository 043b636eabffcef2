import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { convolve, Convolution } from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

const convolution = fc.record({
  height: fc.integer({ min: 5, max: 9 }),
  width: fc.integer({ min: 5, max: 9 }),
  groups: fc.integer({ min: 1, max: 3 }),
  inputsEach: fc.integer({ min: 1, max: 3 }),
  outputsEach: fc.integer({ min: 1, max: 3 }),
  kernel: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  padding: fc.oneof(fc.constantFrom('same' as const, 'valid' as const), fc.integer({ min: 0, max: 2 })),
  seed: fc.nat(),
})

/** Values drawn from a seed, whose sums are exact: quarters. */
function drawn(seed: number, name: string, shape: number[]): tf.Tensor4D {
  return tf.tidy(() => tf.floor(tf.mul(randomUniform(randomKey(seed).fold(name), shape), 8)).div(4))
}

/** Says for every drawn convolution that two ways lead to the same bits. */
function expectSame(ways: (one: Drawn) => readonly [tf.Tensor, tf.Tensor]): void {
  fc.assert(
    fc.property(convolution, (one) => {
      const before = tf.memory().numTensors
      tf.tidy(() => {
        const { groups, inputsEach, outputsEach, kernel, seed, height, width } = one
        const x = drawn(seed, 'x', [2, height, width, groups * inputsEach])
        const weight = drawn(seed, 'weight', [kernel, kernel, inputsEach, groups * outputsEach])
        const [first, second] = ways({ ...one, x, weight })
        expect(first.shape).toEqual(second.shape)
        expect(first.arraySync()).toEqual(second.arraySync())
      })
      expect(tf.memory().numTensors).toBe(before)
    }),
    { numRuns: 60 },
  )
}

type Drawn = (typeof convolution extends fc.Arbitrary<infer Value> ? Value : never) & {
  readonly x: tf.Tensor4D
  readonly weight: tf.Tensor4D
}

it('in groups is one plain convolution for each, side by side', () => {
  expectSame(({ x, weight, groups, inputsEach, outputsEach, ...windows }) => {
    const channels = (tensor: tf.Tensor4D, first: number, count: number) =>
      tf.slice(tensor, [0, 0, 0, first], [-1, -1, -1, count])
    const parts = Array.from({ length: groups }, (_, group) =>
      convolve(
        channels(x, group * inputsEach, inputsEach),
        channels(weight, group * outputsEach, outputsEach),
        windows,
      ),
    )
    return [convolve(x, weight, { ...windows, groups }), tf.concat(parts, 3)]
  })
})

it('that is dilated sees the pixels that a plain one sees of every other row and column', () => {
  expectSame(({ x, weight, groups }) => {
    const every = (tensor: tf.Tensor4D) =>
      tf.stridedSlice(tensor, [0, 0, 0, 0], tensor.shape, [1, 2, 2, 1]) as tf.Tensor4D
    const plain = convolve(every(x), weight, { groups, padding: 'valid' })
    return [every(convolve(x, weight, { groups, dilation: 2, padding: 'valid' })), plain]
  })
})

it('with zeros around the images is that of images with zeros around', () => {
  expectSame(({ x, weight, ...windows }) => {
    const zeros = typeof windows.padding === 'number' ? windows.padding : 1
    const both: [number, number] = [zeros, zeros]
    const framed = tf.pad(x, [[0, 0], both, both, [0, 0]])
    return [
      convolve(x, weight, { ...windows, padding: zeros }),
      convolve(framed, weight, { ...windows, padding: 'valid' }),
    ]
  })
})

it('folds what follows, with a bias of its own', () => {
  const start = tf.memory().numTensors
  const options = { key: randomKey(3), inputChannels: 4, outputChannels: 4, kernelSize: 3, groups: 4 }
  const layer = new Convolution({ ...options, bias: true, stride: 2, padding: 'same' })
  tf.tidy(() => {
    const x = drawn(1, 'x', [2, 6, 5, 4])
    const factor = tf.tensor1d([1, 2, -1, 0.5])
    const offset = tf.tensor1d([0, 1, 2, 3])
    const expected = tf.add(tf.mul(layer.forward(x), factor), offset).dataSync()
    const found = layer.forward(x, { factor, offset }).dataSync()
    for (const [index, value] of found.entries()) expect(value).toBeCloseTo(expected[index]!, 5)
  })
  tf.dispose(Object.values(layer.state).map(({ value }) => value))
  expect(tf.memory().numTensors).toBe(start)
})

it('refuses groups that do not divide the channels', () => {
  const options = { key: randomKey(3), inputChannels: 4, outputChannels: 6, kernelSize: 3, groups: 4 }
  expect(() => new Convolution({ ...options, padding: 'same' })).toThrow(
    '4 groups do not divide 4 and 6 channels',
  )
})
