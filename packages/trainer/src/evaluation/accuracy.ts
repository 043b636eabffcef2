import { tf } from '@m2l/engine'

/**
 * The fraction of queries whose highest score is that of their class.
 *
 * @param scores [queries, ways]
 * @param labels [queries], int32
 * @returns a scalar
 */
export function accuracy(scores: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.cast(tf.equal(tf.argMax(scores, 1), labels), 'float32'))) as tf.Scalar
}
