import { beforeAll, describe, expect, it } from 'vitest'
import { graphFunction, loadEngine, randomKey, randomUniform, tf } from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

describe('graphFunction', () => {
  it('gives what the function gives, and leaves no tensor but its results', () => {
    const reasons: string[] = []
    const f = graphFunction(
      ({ a, b }: { a: tf.Tensor2D; b: tf.Tensor2D }) => ({
        product: tf.relu(tf.matMul(a, b)),
        sum: tf.sum(tf.mul(a, 3)),
      }),
      { onEager: (reason) => reasons.push(reason) },
    )
    const before = tf.memory().numTensors
    for (const scale of [1, 2, 3]) {
      const a = tf.tensor2d(
        [1, -2, 3, 4].map((value) => value * scale),
        [2, 2],
      )
      const b = tf.tensor2d([1, 0, 2, -1], [2, 2])
      const { product, sum } = f({ a, b })
      expect(Array.from(product.dataSync())).toEqual([0, 2, 11, 0].map((value) => value * scale))
      expect(sum.dataSync()[0]).toBe(18 * scale)
      tf.dispose([a, b, product, sum])
    }
    expect(reasons).toEqual([])
    expect(tf.memory().numTensors).toBe(before)
    f.dispose()
  })
})

describe('a graph function with variables and random numbers', () => {
  it('assigns variables and draws as eager calls do', () => {
    const step =
      (weight: tf.Variable) =>
      ({ x }: { x: tf.Tensor }, key: ReturnType<typeof randomKey> | undefined) => {
        const noise = randomUniform(key!.fold('noise', 3), [4])
        const { value, grads } = tf.variableGrads(
          () => tf.sum(tf.square(tf.mul(weight, tf.add(x, noise)))) as tf.Scalar,
          [weight],
        )
        weight.assign(tf.sub(weight, tf.mul(grads[weight.name]!, 0.1)))
        return { loss: value, noise }
      }
    const reasons: string[] = []
    const weights = [tf.variable(tf.ones([4])), tf.variable(tf.ones([4]))] as const
    const graph = graphFunction(step(weights[0]), { onEager: (reason) => reasons.push(reason) })
    const eager = graphFunction(step(weights[1]), { eager: true })
    for (let index = 0; index < 4; index++) {
      const x = tf.tensor1d([index, 0.1, -0.2, 0.3])
      const key = randomKey(index)
      const [a, b] = [graph({ x }, key), eager({ x }, key)]
      expect(Array.from(a.noise!.dataSync())).toEqual(Array.from(b.noise!.dataSync()))
      expect(a.loss!.dataSync()[0]).toBeCloseTo(b.loss!.dataSync()[0]!, 5)
    }
    expect(reasons).toEqual([])
    const [a, b] = weights.map((weight) => Array.from(weight.dataSync()))
    for (const [index, value] of a!.entries()) expect(value).toBeCloseTo(b![index]!, 5)
  })
})
