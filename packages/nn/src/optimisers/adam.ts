import { tf } from '@m2l/engine'
import { optimiserOf, zerosLike, type Optimiser } from './optimiser.js'
import { kept, mergeStates, type StateDict } from '../state/parameter.js'
import { prefixed } from '../state/prefixes.js'

/** The constants of Adam. */
export interface AdamOptions {
  /** Decay of the mean of the gradients, .9 unless told. */
  readonly beta1?: number
  /** Decay of the mean of their squares, .999 unless told. */
  readonly beta2?: number
  /** Added to the root of the mean square, 1e-8 unless told. */
  readonly epsilon?: number
  /** Times the parameter, is added to its gradient; 0 unless told. */
  readonly weightDecay?: number
}

/**
 * Adam (Kingma and Ba 2015, Algorithm 1) as PyTorch's `torch.optim.Adam` defines it: weight decay is part of
 * the gradient, and epsilon is added after the bias correction.
 *
 * @param parameters of which the trainable ones are changed
 */
export function adam(
  parameters: StateDict,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions = {},
): Optimiser {
  const means = zerosLike(parameters)
  const squares = zerosLike(parameters)
  const steps = kept('plain', () => tf.scalar(0))
  const state = mergeStates({ step: steps }, prefixed('mean', means), prefixed('square', squares))

  return optimiserOf(parameters, state, () => {
    steps.value.assign(tf.add(steps.value, 1))
    const meanCorrection = oneMinusPower(beta1, steps.value)
    const squareCorrection = oneMinusPower(beta2, steps.value)
    return (name, parameter, gradient, rate) => {
      const decayed = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(parameter, weightDecay))
      const mean = means[name]!.value
      const square = squares[name]!.value
      mean.assign(tf.add(tf.mul(mean, beta1), tf.mul(decayed, 1 - beta1)))
      square.assign(tf.add(tf.mul(square, beta2), tf.mul(tf.square(decayed), 1 - beta2)))
      const denominator = tf.add(tf.sqrt(tf.div(square, squareCorrection)), epsilon)
      parameter.assign(tf.sub(parameter, tf.mul(tf.div(mean, denominator), tf.div(rate, meanCorrection))))
    }
  })
}

/** 1 - base^exponent without the cancellation that a base near 1 brings. */
function oneMinusPower(base: number, exponent: tf.Tensor): tf.Tensor {
  return tf.neg(tf.expm1(tf.mul(exponent, Math.log(base))))
}
