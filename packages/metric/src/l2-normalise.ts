import { tf } from '@m2l/engine'

/** Keeps the derivative of the square root finite; a normal float32, since denormal ones are flushed to zero. */
const smallestSquare = 1e-36

/**
 * Divides vectors by their length: `x / (1e-16 + |x|)` over the last axis.
 *
 * A zero vector stays zero, and its gradient is finite.
 */
export function l2Normalise<Tensor extends tf.Tensor>(x: Tensor): Tensor {
  return tf.tidy(() => {
    const squared = tf.sum(tf.square(x), -1, true)
    const length = tf.sqrt(tf.maximum(squared, smallestSquare))
    return tf.div(x, tf.add(length, 1e-16)) as Tensor
  })
}
