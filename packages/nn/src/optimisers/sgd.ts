import { momentumUpdate, tf } from '@m2l/engine'
import { optimiserOf, zerosLike, type Optimiser } from './optimiser.js'
import type { StateDict } from '../state/parameter.js'
import { prefixed } from '../state/prefixes.js'

/** The constants of stochastic gradient descent; all are off unless told. */
export interface SgdOptions {
  /** In [0, 1). */
  readonly momentum?: number
  /** Whether momentum looks ahead (Nesterov). */
  readonly nesterov?: boolean
  /** Times the parameter, is added to its gradient. */
  readonly weightDecay?: number
}

/**
 * Stochastic gradient descent as PyTorch's `torch.optim.SGD` defines it: with g the gradient plus weight
 * decay, v <- momentum v + g starting from 0 and w <- w - rate (g + momentum v) with Nesterov, w - rate v
 * without (Sutskever et al. 2013, with the rate outside the velocity).
 *
 * @param parameters of which the trainable ones are changed
 */
export function sgd(
  parameters: StateDict,
  { momentum = 0, nesterov = false, weightDecay = 0 }: SgdOptions = {},
): Optimiser {
  const velocities = momentum === 0 ? {} : zerosLike(parameters)
  return optimiserOf(
    parameters,
    prefixed('velocity', velocities),
    () => (name, parameter, gradient, rate) => {
      const velocity = velocities[name]?.value
      if (velocity) {
        const step = { parameter, gradient, velocity, rate, momentum, nesterov, weightDecay }
        const next = momentumUpdate(step)
        velocity.assign(next.velocity)
        parameter.assign(next.parameter)
        return
      }
      const decayed = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(parameter, weightDecay))
      parameter.assign(tf.sub(parameter, tf.mul(decayed, rate)))
    },
  )
}
