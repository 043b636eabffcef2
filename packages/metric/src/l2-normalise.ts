import { tf } from '@m2l/engine'

/**
 * Keeps the derivative of the square root finite; a normal float32, since denormal ones are flushed to zero.
 */
const smallestSquare = 1e-36

/**
 * Divides vectors by their length: `x / (1e-16 + |x|)` over the last axis.
 *
 * A zero vector stays zero, and its gradient is finite.
 */
export function l2Normalise<Tensor extends tf.Tensor>(x: Tensor): Tensor {
  return tf.tidy(() => tf.div(x, l2Length(x)) as Tensor)
}

/**
 * What {@link l2Normalise} divides by.
 *
 * @param x [..., n]
 * @returns [..., 1]
 */
export function l2Length(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const squared = tf.sum(tf.square(x), -1, true)
    return tf.add(tf.sqrt(tf.maximum(squared, smallestSquare)), 1e-16)
  })
}
