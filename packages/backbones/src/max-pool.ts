import { tf } from '@m2l/engine'

/** Max pooling of 2x2 squares, a last odd row or column left out. */
export function maxPool(x: tf.Tensor4D): tf.Tensor4D {
  return tf.maxPool(x, 2, 2, 'valid')
}
