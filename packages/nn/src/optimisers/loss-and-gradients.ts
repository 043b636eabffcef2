import { tf } from '@m2l/engine'
import { nameParameters, trainableVariables, type StateDict } from '../state/parameter.js'

/**
 * A loss and its gradients with respect to the trainable parameters, under their names as `Optimiser.step`
 * takes them. A parameter on which the loss does not depend has no gradient.
 *
 * @param loss computes a scalar from the parameters
 * @returns tensors that the caller disposes
 */
export function lossAndGradients(
  parameters: StateDict,
  loss: () => tf.Scalar,
): { readonly loss: tf.Scalar; readonly gradients: Readonly<Record<string, tf.Tensor>> } {
  nameParameters(parameters)
  const variables = Object.entries(trainableVariables(parameters))
  const { value, grads } = tf.variableGrads(
    loss,
    variables.map(([, variable]) => variable),
  )
  const gradients = variables.flatMap(([name, variable]) => {
    const gradient = grads[variable.name]
    return gradient ? [[name, gradient] as const] : []
  })
  return { loss: value, gradients: Object.fromEntries(gradients) }
}
