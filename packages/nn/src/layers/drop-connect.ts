import { randomUniform, tf } from '@m2l/engine'
import { drawingKey } from './dropout.js'
import type { ForwardContext } from './module.js'

/**
 * Sets each image's map to zero as a whole with probability `rate` and divides the others by `1 - rate`: the
 * branch of a residual block that is left out now and then (Huang et al., "Deep Networks with Stochastic
 * Depth", 2016; EfficientNet calls it drop-connect). Outside training it returns `x` as it is.
 *
 * @param x [n, height, width, channels]
 * @param rate in [0, 1)
 * @param purpose folded into the context's key, so that no two layers draw the same
 * @throws {TypeError} in training, when the context has no key
 */
export function dropConnect(
  x: tf.Tensor4D,
  rate: number,
  context: ForwardContext,
  purpose: string,
): tf.Tensor4D {
  if (!context.training || rate === 0) return x
  const key = drawingKey(context, purpose)
  return tf.tidy(() => {
    const kept = tf.greaterEqual(randomUniform(key, [x.shape[0], 1, 1, 1]), rate)
    return tf.mul(x, tf.mul(tf.cast(kept, 'float32'), 1 / (1 - rate)))
  })
}
