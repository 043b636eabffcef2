import { tf } from '@m2l/engine'

/**
 * The mean of the `count` highest values along the last axis, differentiable.
 *
 * The gradient goes to the values chosen; of equal values one is chosen.
 *
 * @param x [..., n], n at least `count`
 * @returns [...]
 */
export function meanOfLargest(x: tf.Tensor, count: number): tf.Tensor {
  const size = x.shape.at(-1)!
  if (count > size) throw new RangeError(`cannot average the ${count} highest of ${size} values`)
  const compute = tf.customGrad((value: tf.Tensor | tf.GradSaveFunc, save: tf.Tensor | tf.GradSaveFunc) => {
    const { values, indices } = largest(value as tf.Tensor, count)
    ;(save as tf.GradSaveFunc)([indices])
    return {
      value: tf.mean(values, -1),
      gradFunc: (dy: tf.Tensor, [chosen]: tf.Tensor[]) => {
        const isChosen = tf.equal(tf.expandDims(chosen!, -1), tf.range(0, size, 1, 'int32')) // [..., count, n]
        const times = tf.sum(tf.cast(isChosen, 'float32'), -2)
        return tf.mul(tf.expandDims(tf.div(dy, count), -1), times)
      },
    }
  })
  return compute(x)
}

/** @returns values and int32 indices, both [..., count]. */
function largest(x: tf.Tensor, count: number): { values: tf.Tensor; indices: tf.Tensor } {
  if (count > 1) return tf.topk(x, count)
  return { values: tf.max(x, -1, true), indices: tf.expandDims(tf.argMax(x, -1), -1) }
}
