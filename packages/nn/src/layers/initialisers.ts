import { randomUniform, tf, type RandomKey } from '@m2l/engine'

/**
 * Draws the first value of a weight.
 *
 * @param key the source of randomness; equal keys and shapes give equal weights
 * @param shape [height, width, input, output] of a convolution or [input, output] of a linear layer
 */
export type Initialiser = (key: RandomKey, shape: readonly number[]) => tf.Tensor

/** Uniform numbers in [low, high). */
export function uniform(key: RandomKey, shape: readonly number[], low: number, high: number): tf.Tensor {
  return tf.tidy(() => tf.add(tf.mul(randomUniform(key, shape), high - low), low))
}

/** Normally distributed numbers (Box and Muller 1958). */
export function normal(key: RandomKey, shape: readonly number[], mean: number, deviation: number): tf.Tensor {
  return tf.tidy(() => {
    const radius = tf.sqrt(tf.mul(-2, tf.log(tf.sub(1, randomUniform(key.fold('radius'), shape)))))
    const angle = tf.mul(2 * Math.PI, randomUniform(key.fold('angle'), shape))
    return tf.add(tf.mul(tf.mul(radius, tf.cos(angle)), deviation), mean)
  })
}

/**
 * Uniform in ±sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio 2010, equation 16), PyTorch's `xavier_uniform_`.
 * The fans are inputs and outputs times the kernel's height and width.
 */
export const xavierUniform: Initialiser = (key, shape) => {
  const { fanIn, fanOut } = fans(shape)
  const bound = Math.sqrt(6 / (fanIn + fanOut))
  return uniform(key, shape, -bound, bound)
}

/**
 * Normal with mean 0 and standard deviation sqrt(2 / fanOut) (He et al. 2015, equation 14), PyTorch's
 * `kaiming_normal_(mode='fan_out')` with the gain of a ReLU.
 */
export const kaimingNormalFanOut: Initialiser = (key, shape) =>
  normal(key, shape, 0, Math.sqrt(2 / fans(shape).fanOut))

/** Uniform in ±1 / sqrt(fanIn), with which PyTorch's linear and convolution layers start. */
export const uniformFanIn: Initialiser = (key, shape) => {
  const bound = 1 / Math.sqrt(fans(shape).fanIn)
  return uniform(key, shape, -bound, bound)
}

function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const [output, input, ...kernel] = shape.toReversed()
  if (output === undefined || input === undefined) {
    throw new RangeError(`a weight needs inputs and outputs, but its shape is [${shape}]`)
  }
  const positions = kernel.reduce((product, side) => product * side, 1)
  return { fanIn: input * positions, fanOut: output * positions }
}
