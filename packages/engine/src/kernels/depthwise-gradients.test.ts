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

const side = fc.integer({ min: 1, max: 4 })
const convolution = fc.record({
  images: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 4, max: 9 }),
  width: fc.integer({ min: 4, max: 9 }),
  channels: fc.integer({ min: 1, max: 5 }),
  multiplier: fc.integer({ min: 1, max: 3 }),
  filter: fc.tuple(side, side),
  stride: fc.integer({ min: 1, max: 3 }),
  pad: fc.constantFrom('same' as const, 'valid' as const),
  seed: fc.integer({ min: 1, max: 1e6 }),
})

type Convolution = typeof convolution extends fc.Arbitrary<infer Value> ? Value : never

/** The output of a depthwise convolution and the gradients of a weighted sum of it. */
function computed({ images, height, width, channels, multiplier, filter, stride, pad, seed }: Convolution) {
  const drawn = (name: string, shape: number[]) =>
    tf.sub(randomUniform(randomKey(seed).fold(name), shape), 0.5) as tf.Tensor4D
  const x = drawn('x', [images, height, width, channels])
  const weights = drawn('weights', [...filter, channels, multiplier])
  const forward = (input: tf.Tensor, filters: tf.Tensor) =>
    tf.depthwiseConv2d(input as tf.Tensor4D, filters as tf.Tensor4D, stride, pad)
  const y = forward(x, weights)
  const upstream = drawn('upstream', y.shape)
  return [y, ...tf.grads((input, filters) => forward(input!, filters!))([x, weights], upstream)]
}

async function numbersOn(backend: string, compute: () => tf.Tensor[]): Promise<Float32Array[]> {
  await tf.setBackend(backend)
  const before = tf.memory().numTensors
  const numbers = tf.tidy(() => compute().map((tensor) => tensor.dataSync<'float32'>()))
  expect(tf.memory().numTensors).toBe(before)
  return numbers
}

function expectClose(actual: readonly Float32Array[], expected: readonly Float32Array[]): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length))
  for (const [index, values] of expected.entries()) {
    for (const [place, value] of values.entries()) {
      expect(Math.abs(actual[index]![place]! - value)).toBeLessThan(1e-4 * (1 + Math.abs(value)))
    }
  }
}

it("equal on wasm those of TensorFlow.js's own CPU back end", async () => {
  await fc.assert(
    fc.asyncProperty(convolution, async (one) => {
      const expected = await numbersOn('cpu', () => computed(one))
      expectClose(await numbersOn('wasm', () => computed(one)), expected)
    }),
    { numRuns: 60 },
  )
})

it("equal on the native engine, and in a graph, those of TensorFlow.js's CPU back end", async () => {
  await fc.assert(
    fc.asyncProperty(convolution, async (one) => {
      const expected = await numbersOn('cpu', () => computed(one))
      expectClose(await numbersOn('tensorflow', () => computed(one)), expected)
      const reasons: string[] = []
      const graph = graphFunction(() => Object.fromEntries(Object.entries(computed(one))), {
        onEager: (reason) => reasons.push(reason),
      })
      expectClose(await numbersOn('tensorflow', () => Object.values(graph({}))), expected)
      expect(reasons).toEqual([])
      graph.dispose()
    }),
    { numRuns: 20 },
  )
})

it('are computed in bfloat16 where graphs are', async () => {
  const sides = { images: 2, height: 8, width: 8, channels: 16, multiplier: 1 }
  const compute = () => computed({ ...sides, filter: [3, 3], stride: 1, pad: 'same', seed: 3 })
  const expected = await numbersOn('cpu', compute)
  const reasons: string[] = []
  const graph = graphFunction(() => Object.fromEntries(Object.entries(compute())), {
    precision: 'bf16',
    onEager: (reason) => reasons.push(reason),
  })
  const actual = await numbersOn('tensorflow', () => Object.values(graph({})))
  expect(reasons).toEqual([])
  for (const [index, values] of expected.entries()) {
    const largest = Math.max(...values.map(Math.abs))
    const errors = values.map((value, place) => Math.abs(actual[index]![place]! - value))
    expect(Math.max(...errors)).toBeLessThan(0.02 * largest)
    expect(Math.max(...errors)).toBeGreaterThan(1e-5 * largest)
  }
  graph.dispose()
})
