import { maxPoolTraining, tf } from '@m2l/engine'
import type { ForwardContext } from '@m2l/nn'

/** Max pooling of 2x2 squares, a last odd row or column left out. */
export function maxPool(x: tf.Tensor4D, { training }: ForwardContext): tf.Tensor4D {
  return training ? maxPoolTraining(x, 2) : tf.maxPool(x, 2, 2, 'valid')
}
