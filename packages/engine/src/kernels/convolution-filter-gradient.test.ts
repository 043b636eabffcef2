import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { graphFunction, loadEngine, randomKey, randomUniform } from '../index.js'
import { tf } from '../tensorflow.js'
import { activatePortableBackend } from '../fallback/portable-backend.js'

beforeAll(async () => {
  await loadEngine()
  await activatePortableBackend('cpu')
  await activatePortableBackend('wasm')
})

it("equals on wasm the gradient of TensorFlow.js's own CPU back end", async () => {
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

it.each([
  ['a filter that is large beside its maps', { side: 2, filter: 3, channels: 96, pad: 'same' }],
  ['the same without padding', { side: 4, filter: 3, channels: 96, pad: 'valid' }],
  ['a filter of one pixel', { side: 5, filter: 1, channels: 7, pad: 'same' }],
  ["a small filter, by the engine's own kernel", { side: 5, filter: 3, channels: 4, pad: 'same' }],
] as const)(
  "equals on the native engine, and in a graph, that of TensorFlow.js's CPU back end: %s",
  async (_name, { side, filter, channels, pad }) => {
    const compute = ({ x, w }: { x: tf.Tensor; w: tf.Tensor }) => ({
      gradient: tf.grad((weights) =>
        tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, weights as tf.Tensor4D, 1, pad))),
      )(w),
    })
    const gradient = async (backend: string, run: typeof compute): Promise<Float32Array> => {
      await tf.setBackend(backend)
      return tf.tidy(() => {
        const x = tf.sub(randomUniform(randomKey(1), [2, side, side, channels]), 0.5)
        const w = tf.sub(randomUniform(randomKey(2), [filter, filter, channels, channels + 1]), 0.5)
        return run({ x, w }).gradient.dataSync<'float32'>()
      })
    }
    const expected = await gradient('cpu', compute)
    const graph = graphFunction(compute)
    for (const run of [compute, graph]) {
      const actual = await gradient('tensorflow', run)
      expect(actual.length).toBe(expected.length)
      for (const [place, value] of expected.entries()) {
        expect(Math.abs(actual[place]! - value)).toBeLessThan(1e-3 * (1 + Math.abs(value)))
      }
    }
    graph.dispose()
  },
)
