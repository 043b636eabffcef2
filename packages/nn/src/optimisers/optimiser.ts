import { span, tf } from '@m2l/engine'
import { disposeState, kept, type Parameter, type StateDict } from '../state/parameter.js'

/** Changes parameters by their gradients. */
export interface Optimiser {
  /**
   * One step down the gradients. A parameter without a gradient stays as it is, with its moments. The
   * gradients stay the caller's.
   *
   * @param gradients under the names of the parameters, for example from `lossAndGradients`
   * @param learningRate a number, or a scalar where the rate is the input of a traced graph
   * @throws {RangeError} when a gradient belongs to no trainable parameter
   */
  step(gradients: Readonly<Record<string, tf.Tensor>>, learningRate: number | tf.Scalar): void
  /** What has to be saved to go on later: moments and the count of steps. */
  readonly state: StateDict
  /** Frees the moments, but not the parameters. */
  dispose(): void
}

/** How one parameter follows its gradient. */
export type Update = (
  name: string,
  parameter: tf.Variable,
  gradient: tf.Tensor,
  rate: number | tf.Scalar,
) => void

/** An optimiser that follows each gradient by itself; `begin` prepares a step and says how. */
export function optimiserOf(parameters: StateDict, state: StateDict, begin: () => Update): Optimiser {
  return {
    state,
    step(gradients, learningRate) {
      span('optimiser', () =>
        tf.tidy(() => {
          const update = begin()
          for (const [name, gradient] of Object.entries(gradients)) {
            const parameter = parameters[name]
            if (!parameter?.trainable) throw new RangeError(`no trainable parameter is named ${name}`)
            update(name, parameter.value, gradient, learningRate)
          }
        }),
      )
    },
    dispose: () => disposeState(state),
  }
}

/** A zero for each trainable parameter, in its shape and layout. */
export function zerosLike(parameters: StateDict): Record<string, Parameter> {
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([, parameter]) => parameter.trainable)
      .map(([name, { value, layout }]) => [name, kept(layout, () => tf.zerosLike(value))]),
  )
}
