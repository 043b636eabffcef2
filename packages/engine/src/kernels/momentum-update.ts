import { tf } from '../tensorflow.js'
import { booleanAttribute, floatAttribute, type NativeBackend } from '../native-backend.js'

/** The operation of [kernels.cc](../../binding/kernels.cc). */
const operation = 'M2lMomentumUpdate'

/** The tensors of a step, and what stays the same in all steps. */
export interface MomentumStep {
  readonly parameter: tf.Tensor
  /** In the parameter's shape, as the velocity. */
  readonly gradient: tf.Tensor
  readonly velocity: tf.Tensor
  readonly rate: number | tf.Scalar
  readonly momentum: number
  /** Whether momentum looks ahead. */
  readonly nesterov: boolean
  /** Times the parameter, is added to its gradient. */
  readonly weightDecay: number
}

/** What a step leaves; both tensors are the caller's. */
export interface MomentumResult {
  readonly parameter: tf.Tensor
  readonly velocity: tf.Tensor
}

/**
 * A step of stochastic gradient descent with momentum (Sutskever et al. 2013, with the rate outside the
 * velocity): with g the gradient plus weight decay, v <- momentum v + g and w <- w - rate (g + momentum v)
 * with Nesterov, w - rate v without. On the native engine's CPU it is one pass over memory instead of eight;
 * the bits are the same.
 */
export function momentumUpdate(step: MomentumStep): MomentumResult {
  return withOperation.has(tf.backend()) ? inOnePass(step) : stepByStep(step)
}

const withOperation = new WeakSet<tf.KernelBackend>()

/** Says that TensorFlow behind this back end has the operation. */
export function useNativeMomentumUpdate(backend: tf.KernelBackend): void {
  withOperation.add(backend)
}

function inOnePass({
  parameter,
  gradient,
  velocity,
  rate,
  momentum,
  nesterov,
  weightDecay,
}: MomentumStep): MomentumResult {
  const native = tf.backend() as unknown as NativeBackend
  const attributes = [
    floatAttribute(native, 'momentum', momentum),
    floatAttribute(native, 'weight_decay', weightDecay),
    booleanAttribute(native, 'nesterov', nesterov),
  ]
  const scalar = typeof rate === 'number' ? tf.scalar(rate) : rate
  const inputs = [parameter, gradient, velocity, scalar]
  const [nextParameter, nextVelocity] = native.executeMultipleOutputs(operation, attributes, inputs, 2)
  if (scalar !== rate) scalar.dispose()
  return { parameter: nextParameter!, velocity: nextVelocity! }
}

function stepByStep({
  parameter,
  gradient,
  velocity,
  rate,
  momentum,
  nesterov,
  weightDecay,
}: MomentumStep): MomentumResult {
  return tf.tidy(() => {
    const decayed = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(parameter, weightDecay))
    const moved = tf.add(tf.mul(velocity, momentum), decayed)
    const direction = nesterov ? tf.add(decayed, tf.mul(moved, momentum)) : moved
    return { parameter: tf.sub(parameter, tf.mul(direction, rate)), velocity: moved }
  })
}
