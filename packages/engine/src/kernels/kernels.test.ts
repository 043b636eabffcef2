import '@tensorflow/tfjs-backend-wasm'
import { beforeAll, describe, expect, it } from 'vitest'
import { addBias, choose, batchNormTraining, loadEngine, randomKey, randomUniform, tf } from '../index.js'

const backends = ['tensorflow', 'cpu', 'wasm']

beforeAll(async () => {
  await loadEngine()
})

async function on<Result>(backend: string, compute: () => Result): Promise<Result> {
  const before = tf.getBackend()
  await tf.setBackend(backend)
  try {
    return compute()
  } finally {
    await tf.setBackend(before)
  }
}

describe('randomUniform', () => {
  it('draws the same numbers on every backend', async () => {
    const key = randomKey(7).fold('noise', 3)
    const drawn = []
    for (const backend of ['tensorflow', 'cpu']) {
      drawn.push(await on(backend, () => tf.tidy(() => Array.from(randomUniform(key, [3, 5, 7]).dataSync()))))
    }
    expect(drawn[0]).toEqual(drawn[1])
    expect(new Set(drawn[0]).size).toBe(105)
  })

  it('depends on the key', () => {
    const [a, b] = ['a', 'b'].map((name) =>
      tf.tidy(() => Array.from(randomUniform(randomKey(1).fold(name), [8]).dataSync())),
    )
    expect(a).not.toEqual(b)
  })

  it('is uniform in [0, 1)', () => {
    const { mean, variance } = tf.tidy(() => {
      const moments = tf.moments(randomUniform(randomKey(2), [100_000]))
      return { mean: moments.mean.dataSync()[0]!, variance: moments.variance.dataSync()[0]! }
    })
    expect(mean).toBeCloseTo(0.5, 2)
    expect(variance).toBeCloseTo(1 / 12, 2)
  })

  it('leaves no tensor behind', () => {
    const before = tf.memory().numTensors
    randomUniform(randomKey(2), [4]).dispose()
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('batchNormTraining', () => {
  const shape: [number, number, number, number] = [4, 3, 5, 6]

  function run() {
    return tf.tidy(() => {
      const key = randomKey(5)
      const x = randomUniform(key.fold('x'), shape).mul(3).add(1) as tf.Tensor4D
      const scale = randomUniform(key.fold('scale'), [6]).add(0.5) as tf.Tensor1D
      const offset = randomUniform(key.fold('offset'), [6]) as tf.Tensor1D
      const probe = randomUniform(key.fold('probe'), shape)
      const { y, mean, variance } = batchNormTraining(x, scale, offset, 1e-5)
      const gradients = tf.grads((a, b, c) =>
        tf.sum(
          tf.mul(batchNormTraining(a as tf.Tensor4D, b as tf.Tensor1D, c as tf.Tensor1D, 1e-5).y, probe),
        ),
      )([x, scale, offset])
      return [y, mean, variance, ...gradients].map((tensor) => Array.from(tensor.dataSync()))
    })
  }

  function differentiatedByTensorFlowJs() {
    return tf.tidy(() => {
      const key = randomKey(5)
      const probe = randomUniform(key.fold('probe'), shape)
      const forward = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) => {
        const { mean, variance } = tf.moments(x, [0, 1, 2])
        return tf.batchNorm(
          x as tf.Tensor4D,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
          1e-5,
        )
      }
      const x = randomUniform(key.fold('x'), shape).mul(3).add(1)
      const scale = randomUniform(key.fold('scale'), [6]).add(0.5)
      const offset = randomUniform(key.fold('offset'), [6])
      const { mean, variance } = tf.moments(x, [0, 1, 2])
      const gradients = tf.grads((a, b, c) => tf.sum(tf.mul(forward(a!, b!, c!), probe)))([x, scale, offset])
      return [forward(x, scale, offset), mean, variance.mul(60 / 59), ...gradients].map((tensor) =>
        Array.from(tensor.dataSync()),
      )
    })
  }

  it.each(backends)('equals the composed normalisation and its derivatives on %s', async (backend) => {
    const expected = differentiatedByTensorFlowJs()
    const actual = await on(backend, run)
    expect(actual).toHaveLength(6)
    for (const [index, values] of actual.entries()) {
      expect(values).toHaveLength(expected[index]!.length)
      for (const [position, value] of values.entries()) {
        expect(value).toBeCloseTo(expected[index]![position]!, 4)
      }
    }
  })

  it('leaves no tensor behind', () => {
    const before = tf.memory().numTensors
    run()
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('addBias', () => {
  it.each(backends)('adds to every channel and differentiates as tf.add does on %s', async (backend) => {
    const before = tf.memory().numTensors
    await on(backend, () =>
      tf.tidy(() => {
        const x = randomUniform(randomKey(1), [2, 3, 4, 5]) as tf.Tensor4D
        const bias = tf.tensor1d([1, 2, -3, 4, 5])
        const [actual, expected] = [addBias, tf.add].map((add) => {
          const loss = (a: tf.Tensor, b: tf.Tensor) =>
            tf.sum(tf.square(add(a as tf.Tensor4D, b as tf.Tensor1D)))
          return [add(x, bias), ...tf.grads(loss)([x, bias])].map((result) => result.arraySync())
        })
        expect(actual).toEqual(expected)
      }),
    )
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('choose', () => {
  it.each(backends)('gives one of two tensors as it is on %s', async (backend) => {
    const before = tf.memory().numTensors
    await on(backend, () =>
      tf.tidy(() => {
        const pairs = [
          [tf.tensor2d([[1, Number.NaN]]), tf.tensor2d([[3, Number.POSITIVE_INFINITY]])],
          [tf.tensor1d([1, 2], 'int32'), tf.tensor1d([3, 4], 'int32')],
          [tf.scalar(5), tf.scalar(6)],
        ] as const
        for (const [first, second] of pairs) {
          for (const isFirst of [true, false]) {
            const chosen = choose<tf.Tensor>(tf.scalar(isFirst, 'bool'), first, second)
            expect(chosen.dtype).toBe(first.dtype)
            expect(chosen.arraySync()).toEqual((isFirst ? first : second).arraySync())
          }
        }
      }),
    )
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('the gradient of LeakyReLU', () => {
  it.each(backends)('is the slope on each side of zero on %s', async (backend) => {
    const gradient = await on(backend, () =>
      tf.tidy(() =>
        Array.from(
          tf
            .grad((x: tf.Tensor) => tf.sum(tf.mul(tf.leakyRelu(x, 0.25), [1, 2, 3, 4])))(
              tf.tensor1d([-2, 3, 0, -0.5]),
            )
            .dataSync(),
        ),
      ),
    )
    expect(gradient).toEqual([0.25, 2, 0.75, 1])
  })

  it.each(backends)('is so for a negative slope too on %s', async (backend) => {
    const gradient = await on(backend, () =>
      tf.tidy(() =>
        Array.from(
          tf
            .grad((x: tf.Tensor) => tf.sum(tf.leakyRelu(x, -0.5)))(tf.tensor1d([-2, 3]))
            .dataSync(),
        ),
      ),
    )
    expect(gradient).toEqual([-0.5, 1])
  })
})

describe('the gradient of ReLU6', () => {
  it.each(backends)('passes between 0 and 6, and at neither, on %s', async (backend) => {
    const gradient = await on(backend, () =>
      tf.tidy(() =>
        Array.from(
          tf
            .grad((x: tf.Tensor) => tf.sum(tf.mul(tf.relu6(x), [1, 2, 3, 4, 5, 6])))(
              tf.tensor1d([-2, 0, 0.5, 5.5, 6, 7]),
            )
            .dataSync(),
        ),
      ),
    )
    expect(gradient).toEqual([0, 0, 3, 4, 0, 0])
  })
})
