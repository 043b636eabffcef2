import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { tf } from '../tensorflow.js'
import { activatePortableBackend } from './portable-backend.js'

beforeAll(async () => {
  await activatePortableBackend('cpu')
  await activatePortableBackend('wasm')
})

it("equals the gradient of TensorFlow.js's own CPU back end", async () => {
  const side = fc.integer({ min: 1, max: 3 })
  // With a pad in numbers, TensorFlow.js computes the output's width from the filter's height.
  const filterAndPad = fc.oneof(
    fc.record({ sides: fc.tuple(side, side), pad: fc.constantFrom('same' as const, 'valid' as const) }),
    fc.record({ sides: side.map((n): [number, number] => [n, n]), pad: fc.constant(1) }),
  )
  const shape = fc.record({
    images: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 3, max: 8 }),
    width: fc.integer({ min: 3, max: 8 }),
    channelsIn: fc.integer({ min: 1, max: 4 }),
    channelsOut: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    filter: filterAndPad,
    seed: fc.integer({ min: 1, max: 1e6 }),
  })
  await fc.assert(
    fc.asyncProperty(
      shape,
      async ({ images, height, width, channelsIn, channelsOut, filter, stride, seed }) => {
        const gradient = async (backend: string): Promise<Float32Array> => {
          await tf.setBackend(backend)
          const tensors = tf.memory().numTensors
          const result = tf.tidy(() => {
            const x = tf.randomNormal<tf.Rank.R4>([images, height, width, channelsIn], 0, 1, 'float32', seed)
            const weights = tf.randomNormal<tf.Rank.R4>(
              [...filter.sides, channelsIn, channelsOut],
              0,
              1,
              'float32',
              seed + 1,
            )
            const output = tf.conv2d(x, weights, stride, filter.pad)
            const upstream = tf.randomNormal(output.shape, 0, 1, 'float32', seed + 2)
            return tf.grad((w) => tf.conv2d(x, w as tf.Tensor4D, stride, filter.pad))(weights, upstream)
          })
          const values = result.dataSync<'float32'>()
          result.dispose()
          expect(tf.memory().numTensors).toBe(tensors)
          return values
        }
        const expected = await gradient('cpu')
        const actual = await gradient('wasm')
        expect(actual.length).toBe(expected.length)
        for (const [place, value] of expected.entries()) {
          expect(Math.abs(actual[place]! - value)).toBeLessThan(1e-3 * (1 + Math.abs(value)))
        }
      },
    ),
    { numRuns: 40 },
  )
})
