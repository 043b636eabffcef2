import { beforeAll, describe, expect, it } from 'vitest'
import { batchNormTraining, graphFunction, loadEngine, randomKey, randomUniform, tf } from '../index.js'

beforeAll(async () => {
  await loadEngine()
})

type Operation = (x: tf.Tensor4D, y: tf.Tensor2D) => tf.Tensor | tf.Tensor[]

/** For each, x is [2, 6, 5, 3] and y [4, 3]. */
const operations: Readonly<Record<string, Operation>> = {
  unary: (x) => [
    tf.neg(x),
    tf.exp(x),
    tf.sqrt(tf.abs(x)),
    tf.square(x),
    tf.relu(x),
    tf.leakyRelu(x, 0.1),
    tf.sigmoid(x),
  ],
  'tests of numbers': (x) => [tf.cast(tf.isNaN(x), 'int32'), tf.cast(tf.isFinite(x), 'int32')],
  broadcasts: (x, y) => [
    tf.add(x, y.slice([0, 0], [1, 3])),
    tf.mul(tf.scalar(2), x),
    tf.sub(y, tf.ones([1])),
    tf.maximum(x, 0),
  ],
  comparisons: (x) => tf.cast(tf.logicalAnd(tf.greater(x, 0), tf.less(x, tf.max(x, 3, true))), 'float32'),
  choices: (x) => tf.where(tf.greaterEqual(x, 0.2), x, tf.zerosLike(x)),
  reductions: (x) => [tf.sum(x), tf.mean(x, [1, 2]), tf.max(x, -1, true), tf.min(x, [0, 3]), tf.prod(x, 1)],
  'logical reductions': (x) => [
    tf.cast(tf.any(tf.greater(x, 0), 2, true), 'int32'),
    tf.cast(tf.all(tf.greater(x, 0)), 'int32'),
  ],
  'positions of extremes': (x) => [tf.argMax(x, 2), tf.argMin(x, 0)],
  'highest values': (x) => [tf.topk(x, 2).values, tf.topk(x, 2).indices],
  reshapes: (x) => [
    x.reshape([2, -1]),
    x.reshape([-1]),
    tf.expandDims(x, -1),
    tf.expandDims(x, 1),
    tf.squeeze(tf.expandDims(x)),
  ],
  transposes: (x, y) => [tf.transpose(x, [0, 3, 1, 2]), tf.transpose(y)],
  repeats: (x, y) => [tf.tile(y, [2, 3]), tf.tile(x, [1, 1, 2, 1])],
  pads: (x) =>
    tf.pad(x, [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ]),
  reversals: (x) => tf.reverse(x, [1, 2]),
  slices: (x, y) => [tf.slice(x, [0, 1, 0, 1], [2, 3, 5, -1]), tf.slice(y, [1, 0])],
  joins: (x, y) => [
    tf.concat([y, y], 0),
    tf.concat([x, x, x], -1),
    tf.stack([y, y, y]),
    tf.stack([y, y], -1),
  ],
  splits: (x, y) => [...tf.split(x, 3, 1), ...tf.split(y, [1, 3], 0), ...tf.unstack(y, 1)],
  'one of many': (x) => tf.oneHot(tf.argMax(x, 3), 3, 1, 0, 'float32'),
  ranges: () => [tf.range(0, 7, 2), tf.range(3, 0, -1, 'int32'), tf.ones([2, 3])],
  products: (x, y) => [
    tf.matMul(y, y, false, true),
    tf.matMul(x, x, true),
    tf.matMul(x.reshape([10, 6, 3]), tf.ones([1, 3, 2]).tile([10, 1, 1])),
  ],
  softmax: (x) => [tf.softmax(x), tf.logSoftmax(x)],
  convolutions: (x) => [
    tf.conv2d(x, tf.ones([3, 3, 3, 4]), 1, 'same'),
    tf.conv2d(x, tf.ones([3, 2, 3, 4]), 1, 'valid'),
    tf.conv2d(x, tf.ones([3, 3, 3, 4]), 2, 'same'),
    tf.conv2d(x, tf.ones([2, 2, 3, 4]), 1, 'valid', 'NHWC', 2),
  ],
  'gradients of convolutions': (x) =>
    tf.grads((image, filter) =>
      tf.sum(tf.square(tf.conv2d(image as tf.Tensor4D, filter as tf.Tensor4D, 1, 'valid'))),
    )([x, tf.ones([3, 3, 3, 4])]),
  'depthwise convolutions': (x) => [
    tf.depthwiseConv2d(x, tf.ones([3, 3, 3, 1]), 1, 'same'),
    tf.depthwiseConv2d(x, tf.ones([3, 2, 3, 2]), 1, 'valid'),
    tf.depthwiseConv2d(x, tf.ones([3, 3, 3, 2]), 2, 'same'),
    tf.depthwiseConv2d(x, tf.ones([2, 2, 3, 1]), 1, 'valid', 'NHWC', 2),
  ],
  'gradients of depthwise convolutions': (x) =>
    tf.grads((image, filter) =>
      tf.sum(tf.square(tf.relu6(tf.depthwiseConv2d(image as tf.Tensor4D, filter as tf.Tensor4D, 2, 'same')))),
    )([x, tf.ones([3, 3, 3, 2])]),
  pooling: (x) => [tf.maxPool(x, 2, 2, 'valid'), tf.maxPool(x, 3, 1, 'same'), tf.avgPool(x, 2, 2, 'same')],
  'gradients of pooling': (x) => [
    tf.grad((image) => tf.sum(tf.square(tf.maxPool(image as tf.Tensor4D, 2, 2, 'valid'))))(x),
    tf.grad((image) => tf.sum(tf.square(tf.avgPool(image as tf.Tensor4D, 2, 2, 'valid'))))(x),
  ],
  'batch norm': (x) => {
    const { y, mean, variance } = batchNormTraining(x, tf.ones([3]), tf.zeros([3]), 1e-5)
    return [y, mean, variance, tf.batchNorm4d(x, mean, variance)]
  },
  'gradients of batch norm': (x) =>
    tf.grads((image, scale) =>
      tf.sum(
        tf.square(
          tf.leakyRelu(
            batchNormTraining(image as tf.Tensor4D, scale as tf.Tensor1D, tf.zeros([3]), 1e-5).y,
            0.2,
          ),
        ),
      ),
    )([x, tf.ones([3])]),
  'random numbers': () => randomUniform(randomKey(3), [3, 4]),
}

describe('the outputs of operations are known without computing: their graphs give what they give', () => {
  it.each(Object.entries(operations))('%s', (_name, operation) => {
    const reasons: string[] = []
    const compute = ({ x, y }: { x: tf.Tensor; y: tf.Tensor }) => {
      const results = [operation(x as tf.Tensor4D, y as tf.Tensor2D)].flat()
      const named = results.flatMap((result, index) => [
        [`result${index}`, result] as const,
        // Recorded, this is the shape that was expected; it must be the one that comes out.
        [`shape${index}`, tf.tensor1d([...result.shape, result.rank], 'int32')] as const,
      ])
      return Object.fromEntries<tf.Tensor>(named)
    }
    const graph = graphFunction(compute, { onEager: (reason) => reasons.push(reason) })
    tf.tidy(() => {
      const inputs = {
        x: tf.sub(randomUniform(randomKey(1), [2, 6, 5, 3]), 0.5),
        y: tf.sub(randomUniform(randomKey(2), [4, 3]), 0.5),
      }
      const [actual, expected] = [graph(inputs), compute(inputs)]
      expect(Object.keys(actual)).toEqual(Object.keys(expected))
      for (const [name, tensor] of Object.entries(expected)) {
        expect(actual[name]!.shape, name).toEqual(tensor.shape)
        expect(actual[name]!.dtype, name).toBe(tensor.dtype)
        const values = actual[name]!.dataSync()
        for (const [index, value] of Array.from(tensor.dataSync()).entries()) {
          expect(values[index], name).toBeCloseTo(value, 4)
        }
      }
    })
    expect(reasons).toEqual([])
    graph.dispose()
  })

  it('an operation without a node is named', () => {
    const reasons: string[] = []
    const graph = graphFunction(({ x }: { x: tf.Tensor }) => ({ y: tf.cumprod(x) }), {
      onEager: (reason) => reasons.push(reason),
    })
    expect(tf.tidy(() => Array.from(graph({ x: tf.tensor1d([2, 3]) }).y.dataSync()))).toEqual([2, 6])
    expect(reasons).toEqual(['operation Cumprod has no node'])
    graph.dispose()
  })
})
