import { randomUniform, tf, type RandomKey } from '@m2l/engine'
import type { ForwardContext } from './module.js'

/**
 * Sets each element to zero with probability `rate` and divides the others by `1 - rate`, so that the
 * expectation is `x` (Srivastava et al. 2014, inverted). Outside training it returns `x` as it is.
 *
 * @param x of any shape
 * @param rate in [0, 1)
 * @param purpose folded into the context's key, so that no two layers draw the same
 * @throws {TypeError} in training, when the context has no key
 */
export function dropout<Shape extends tf.Rank>(
  x: tf.Tensor<Shape>,
  rate: number,
  context: ForwardContext,
  purpose: string,
): tf.Tensor<Shape> {
  if (!context.training || rate === 0) return x
  const key = drawingKey(context, purpose)
  return tf.tidy(() => {
    const kept = tf.greaterEqual(randomUniform(key, x.shape), rate)
    return tf.mul(x, tf.mul(tf.cast(kept, 'float32'), 1 / (1 - rate)))
  })
}

/**
 * The key of a layer that draws.
 *
 * @throws {TypeError} when the context has none
 */
export function drawingKey(context: ForwardContext, purpose: string): RandomKey {
  if (!context.key)
    throw new TypeError(`${purpose} draws random numbers in training; pass a key in the context`)
  return context.key.fold(purpose)
}
