import { tf } from '@m2l/engine'

/**
 * min(max(x, 0), 6), PyTorch's `ReLU6` (Krizhevsky, "Convolutional Deep Belief Networks on CIFAR-10", 2010).
 */
export function relu6<Shape extends tf.Rank>(x: tf.Tensor<Shape>): tf.Tensor<Shape> {
  return tf.relu6(x)
}

/** x sigmoid(x), PyTorch's `SiLU`, also called swish (Elfwing et al. 2018). */
export function silu<Shape extends tf.Rank>(x: tf.Tensor<Shape>): tf.Tensor<Shape> {
  return tf.tidy(() => tf.mul(x, tf.sigmoid(x)))
}

/**
 * x times the probability that a standard normal number is less than x (Hendrycks and Gimpel 2016), PyTorch's
 * `GELU`.
 *
 * @param approximate `none`: by the error function; `tanh`: by the paper's approximation, as GPT-2 and its
 *   descendants
 */
export function gelu<Shape extends tf.Rank>(
  x: tf.Tensor<Shape>,
  approximate: 'none' | 'tanh' = 'none',
): tf.Tensor<Shape> {
  return tf.tidy(() => {
    const inner =
      approximate === 'none'
        ? tf.erf(tf.mul(x, Math.SQRT1_2))
        : tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI)))
    return tf.mul(tf.mul(x, 0.5), tf.add(inner, 1))
  })
}
