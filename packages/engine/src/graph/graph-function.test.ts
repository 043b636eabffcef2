import { beforeAll, describe, expect, it } from 'vitest'
import { batchNormTraining, graphFunction, loadEngine, randomKey, randomUniform, tf } from '../index.js'
import type { GraphFunctionOptions, RandomKey } from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

/** Options that collect the reasons for running eagerly. */
function collecting(options: GraphFunctionOptions = {}) {
  const reasons: string[] = []
  return { reasons, options: { ...options, onEager: (reason: string) => reasons.push(reason) } }
}

const image = (seed: number) => randomUniform(randomKey(seed), [2, 8, 8, 3]).sub(0.5) as tf.Tensor4D

/** A training step of a small network with batch norm, pooling, dropout and momentum. */
function network() {
  const variable = <Rank extends tf.Rank>(initial: () => tf.Tensor<Rank>, trainable = true) =>
    tf.tidy(() => tf.variable(initial(), trainable))
  const weight = variable(() => randomUniform(randomKey(1), [3, 3, 3, 4]).sub(0.5) as tf.Tensor4D)
  const velocity = variable(() => tf.zerosLike(weight), false)
  const mean = variable(() => tf.zeros([4]), false)
  const scale = variable(() => tf.ones([4]) as tf.Tensor1D)
  const offset = variable(() => tf.zeros([4]) as tf.Tensor1D)
  const step = ({ x, rate }: { x: tf.Tensor; rate: tf.Tensor }, key: RandomKey | undefined) => {
    const { value, grads } = tf.variableGrads(() => {
      const { y, mean: ofBatch } = batchNormTraining(
        tf.conv2d(x as tf.Tensor4D, weight, 1, 'same'),
        scale,
        offset,
        1e-5,
      )
      mean.assign(tf.add(tf.mul(mean, 0.9), tf.mul(ofBatch, 0.1)))
      const features = tf.leakyRelu(tf.maxPool(y, 2, 2, 'valid'), 0.2)
      const kept = tf.cast(
        tf.less(randomUniform(key!.fold('layer', 2).fold('drop'), features.shape), 0.8),
        'float32',
      )
      return tf.mean(tf.square(tf.sub(tf.mul(features, kept), 0.3))) as tf.Scalar
    }, [weight, scale, offset])
    velocity.assign(tf.add(tf.mul(velocity, 0.9), grads[weight.name]!))
    weight.assign(tf.sub(weight, tf.mul(velocity, rate)))
    return { loss: value }
  }
  const variables = [weight, velocity, mean, scale, offset]
  return { step, variables, dispose: () => tf.dispose(variables) }
}

/** The losses of some steps, and the variables after them. */
function trained(options: GraphFunctionOptions) {
  const { step, variables, dispose } = network()
  const run = graphFunction(step, options)
  const rate = tf.scalar(0.05)
  const losses = Array.from({ length: 6 }, (_, index) => {
    const x = tf.tidy(() => image(index))
    const { loss } = run({ x, rate }, randomKey(index))
    const value = loss.dataSync()[0]!
    tf.dispose([x, loss])
    return value
  })
  const values = variables.map((variable) => Array.from(variable.dataSync()))
  run.dispose()
  rate.dispose()
  dispose()
  return { losses, values }
}

function expectClose(actual: readonly number[], expected: readonly number[], digits: number) {
  expect(actual).toHaveLength(expected.length)
  for (const [index, value] of actual.entries()) expect(value).toBeCloseTo(expected[index]!, digits)
}

describe('graphFunction', () => {
  it('gives what the function gives, and leaves no tensor but its results', () => {
    const { reasons, options } = collecting()
    const f = graphFunction(
      ({ a, b }: { a: tf.Tensor2D; b: tf.Tensor2D }) => ({
        product: tf.relu(tf.matMul(a, b)),
        sum: tf.sum(tf.mul(a, 3)),
        same: a,
      }),
      options,
    )
    const before = tf.memory().numTensors
    for (const scale of [1, 2, 3]) {
      const a = tf.tensor2d(
        [1, -2, 3, 4].map((value) => value * scale),
        [2, 2],
      )
      const b = tf.tensor2d([1, 0, 2, -1], [2, 2])
      const { product, sum, same } = f({ a, b })
      expect(Array.from(product.dataSync())).toEqual([0, 2, 11, 0].map((value) => value * scale))
      expect(sum.dataSync()[0]).toBe(18 * scale)
      expect(same.dataSync()).toEqual(a.dataSync())
      tf.dispose([a, b, product, sum, same])
    }
    expect(reasons).toEqual([])
    expect(tf.memory().numTensors).toBe(before)
    f.dispose()
  })

  it('trains as eager steps do: losses, weights, moments and statistics, with the same random numbers', () => {
    const { reasons, options } = collecting()
    const before = tf.memory().numTensors
    const [graph, eager] = [trained(options), trained({ eager: true })]
    expect(reasons).toEqual([])
    expectClose(graph.losses, eager.losses, 5)
    for (const [index, values] of graph.values.entries()) expectClose(values, eager.values[index]!, 5)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('computes products in bfloat16 where told, near the float32 results but not equal to them', () => {
    const { reasons, options } = collecting({ precision: 'bf16' })
    const [narrow, eager] = [trained(options), trained({ eager: true })]
    expect(reasons).toEqual([])
    expectClose(narrow.losses, eager.losses, 2)
    expect(narrow.losses).not.toEqual(eager.losses)
    expectClose(narrow.values[0]!, eager.values[0]!, 2)
  })

  const filter = () => randomUniform(randomKey(5), [3, 3, 3, 4]) as tf.Tensor4D
  const convolve = (x: tf.Tensor, w: tf.Tensor) =>
    tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same')))

  it.each([
    ['a convolution', (x: tf.Tensor4D) => tf.conv2d(x, filter(), 1, 'same'), false],
    [
      'its gradient by the image',
      (x: tf.Tensor4D) => tf.grad((pixels) => convolve(pixels, filter()))(x),
      false,
    ],
    ['its gradient by the filter', (x: tf.Tensor4D) => tf.grad((w) => convolve(x, w))(filter()), false],
    [
      'a matrix product',
      (x: tf.Tensor4D) => tf.matMul(x.reshape([2, 192]), x.reshape([2, 192]), false, true),
      false,
    ],
    ['a sum of squares', (x: tf.Tensor4D) => tf.sum(tf.square(x), [1, 2]), true],
    ['a softmax', (x: tf.Tensor4D) => tf.logSoftmax(x), true],
  ])('in bfloat16 is as exact as it should be: %s', (_name, compute, isExact) => {
    const results = (['f32', 'bf16'] as const).map((precision) => {
      const f = graphFunction(({ x }: { x: tf.Tensor }) => ({ y: compute(x as tf.Tensor4D) }), { precision })
      const values = tf.tidy(() => Array.from(f({ x: image(1) }).y.dataSync()))
      f.dispose()
      return values
    })
    const [exact, narrow] = results as [number[], number[]]
    const largest = Math.max(...exact.map(Math.abs))
    const error = Math.max(...exact.map((value, index) => Math.abs(value - narrow[index]!))) / largest
    expect(error > 1e-5).toBe(!isExact)
    expect(error).toBeLessThan(0.03)
  })

  it('in bfloat16 adds features up in bfloat16, but gradients of weights in float32', () => {
    const f = graphFunction(
      ({ x }: { x: tf.Tensor }) => {
        const [first, second] = [x, tf.mul(x, 0.37)]
        const sum = tf.add(
          tf.conv2d(first as tf.Tensor4D, filter(), 1, 'same'),
          tf.conv2d(second as tf.Tensor4D, filter(), 1, 'same'),
        )
        const gradient = tf.grad((w) => tf.add(convolve(first, w), convolve(second, w)))(filter())
        return { sum, gradient }
      },
      { precision: 'bf16' },
    )
    const [sum, gradient] = tf.tidy(() => {
      const results = f({ x: image(1) })
      return [results.sum.dataSync<'float32'>(), results.gradient.dataSync<'float32'>()]
    })
    f.dispose()
    const isNarrow = (value: number) => (new Uint32Array(Float32Array.of(value).buffer)[0]! & 0xffff) === 0
    expect(Array.from(sum!).every(isNarrow)).toBe(true)
    expect(Array.from(gradient!).every(isNarrow)).toBe(false)
  })

  it('takes and gives trees, and has a graph for each of their plain values', () => {
    let traced = 0
    const f = graphFunction(
      ({ images, factors }: { images: { whole: tf.Tensor; parts?: tf.Tensor }[]; factors: number[] }) => {
        traced++
        const scaled = images.map(({ whole }, index) => tf.mul(whole, factors[index]!))
        return { scaled, total: { of: images.length, sum: tf.addN(scaled) } }
      },
    )
    const before = tf.memory().numTensors
    for (const [value, factors] of [
      [1, [2, 3]],
      [2, [2, 3]],
      [1, [5, 7]],
    ] as const) {
      tf.tidy(() => {
        const images = [{ whole: tf.scalar(value), parts: undefined }, { whole: tf.scalar(10 * value) }]
        const { scaled, total } = f({ images, factors: [...factors] })
        const expected = [value * factors[0], 10 * value * factors[1]]
        expect(scaled.map((tensor) => tensor.dataSync()[0])).toEqual(expected)
        expect(total.of).toBe(2)
        expect(total.sum.dataSync()[0]).toBe(expected[0]! + expected[1]!)
      })
    }
    expect(traced).toBe(2)
    expect(tf.memory().numTensors).toBe(before)
    f.dispose()
  })

  it('keeps a graph for each combination of shapes, and drops the one used longest ago', () => {
    const traced: string[] = []
    const f = graphFunction(
      ({ x }: { x: tf.Tensor }) => {
        traced.push(String(x.shape))
        return { doubled: tf.mul(x, 2) }
      },
      { kept: 2 },
    )
    for (const length of [1, 2, 1, 3, 1, 2]) {
      tf.tidy(() => {
        const { doubled } = f({ x: tf.ones([length]) })
        expect(Array.from(doubled.dataSync())).toEqual(Array.from({ length }, () => 2))
      })
    }
    expect(traced).toEqual(['1', '2', '3', '2'])
    f.dispose()
  })

  it.each([
    [
      'it reads values of tensors back to JavaScript',
      ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, x.dataSync()[0]!) }),
    ],
    [
      'it draws random numbers in JavaScript',
      ({ x }: { x: tf.Tensor }, key?: RandomKey) => ({ y: tf.mul(x, key!.fold(1).generator().uniform()) }),
    ],
    [
      'it makes a tensor of texts',
      ({ x }: { x: tf.Tensor }) => ({
        y: tf.mul(x, 2),
        text: tf.clone(tf.stack([tf.tensor1d(['a']), tf.tensor1d(['b'])])),
      }),
    ],
    ['it makes variables', ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, tf.variable(tf.scalar(3))) })],
  ])('goes on eagerly and says why when %s', (reason, compute) => {
    const { reasons, options } = collecting()
    const f = graphFunction(
      compute as (inputs: { x: tf.Tensor }, key?: RandomKey) => { y: tf.Tensor },
      options,
    )
    for (const value of [2, 5]) {
      tf.tidy(() => {
        const x = tf.scalar(value)
        const expected = tf.tidy(() => compute({ x }, randomKey(7)).y.dataSync()[0])
        expect(f({ x }, randomKey(7)).y.dataSync()[0]).toBe(expected)
      })
    }
    expect(reasons).toEqual([reason])
    f.dispose()
  })

  it('takes the value that a tensor from outside has', () => {
    const factor = tf.tensor1d([1, 2, 3])
    const f = graphFunction(({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, factor) }))
    for (const value of [1, 4]) {
      expect(tf.tidy(() => Array.from(f({ x: tf.scalar(value) }).y.dataSync()))).toEqual([
        value,
        2 * value,
        3 * value,
      ])
    }
    f.dispose()
    factor.dispose()
  })

  it('serves every number of items by one graph where that is asked for', () => {
    const { reasons, options } = collecting({ anyBatch: true })
    const weight = tf.variable(randomUniform(randomKey(1), [3, 3, 3, 4]) as tf.Tensor4D)
    let calls = 0
    const features = ({ x }: { x: tf.Tensor }) => {
      calls++
      const map = tf.relu(tf.conv2d(x as tf.Tensor4D, weight, 1, 'same'))
      return { rows: map.reshape([x.shape[0]!, 4, 16, 4]), means: tf.mean(map, [1, 2]) }
    }
    const f = graphFunction(features, options)
    for (const count of [2, 1, 7]) {
      const x = randomUniform(randomKey(count), [count, 8, 8, 3])
      const [got, expected] = [f({ x }), features({ x })]
      expect(got.rows!.shape).toEqual([count, 4, 16, 4])
      expectClose([...got.rows!.dataSync()], [...expected.rows.dataSync()], 5)
      expectClose([...got.means!.dataSync()], [...expected.means.dataSync()], 5)
      tf.dispose([x, got, expected])
    }
    expect(calls).toBe(2 + 3) // recorded at two numbers, and the three comparisons
    expect(reasons).toEqual([])
    f.dispose()
    weight.dispose()
  })

  it('makes a graph for each number where more than shapes depends on it', () => {
    const { reasons, options } = collecting({ anyBatch: true })
    const f = graphFunction(({ x }: { x: tf.Tensor }) => ({ shares: tf.div(x, x.shape[0]!) }), options)
    for (const count of [1, 2, 4]) {
      const x = tf.ones([count, 2])
      const { shares } = f({ x })
      expect([...shares.dataSync()]).toEqual(Array.from({ length: 2 * count }, () => 1 / count))
      tf.dispose([x, shares])
    }
    expect(reasons).toEqual([])
    f.dispose()
  })

  it('keeps the values of variables where it is frozen, and refuses to assign them', () => {
    const { reasons, options } = collecting({ frozen: true })
    const factor = tf.variable(tf.scalar(2))
    const frozen = graphFunction(({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, factor) }), options)
    const x = tf.scalar(3)
    const before = frozen({ x })
    factor.assign(tf.scalar(5))
    const after = frozen({ x })
    expect([before.y.dataSync()[0], after.y.dataSync()[0]]).toEqual([6, 6])
    const assigning = graphFunction(({ x: value }: { x: tf.Tensor }) => {
      factor.assign(tf.mul(factor, value) as tf.Scalar)
      return { y: tf.add(value, 1) }
    }, options)
    const { y } = assigning({ x })
    expect(y.dataSync()[0]).toBe(4)
    expect(factor.dataSync()[0]).toBe(15)
    expect(reasons).toEqual(['it is frozen, but assigns a variable'])
    tf.dispose([x, before, after, y, factor])
    frozen.dispose()
    assigning.dispose()
  })
})
