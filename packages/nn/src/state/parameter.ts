import { InputError, nameVariables, tf } from '@m2l/engine'

/**
 * How a parameter's axes are ordered in memory, where they are TensorFlow's; in files they are PyTorch's.
 *
 * | layout | in memory | in a file |
 * |---|---|---|
 * | `convolution` | [height, width, input, output] | [output, input, height, width] |
 * | `linear` | [input, output] | [output, input] |
 * | `plain` | as it is | as it is |
 */
export type Layout = 'convolution' | 'linear' | 'plain'

/**
 * A tensor that a model keeps: a weight that is learned, or a running statistic or counter that is only kept.
 */
export interface Parameter<Rank extends tf.Rank = tf.Rank> {
  /** The current value, in TensorFlow's layout. */
  readonly value: tf.Variable<Rank>
  /** Whether an optimiser changes it. */
  readonly trainable: boolean
  readonly layout: Layout
}

/** The parameters of a model under PyTorch's names, for example `layer1.0.conv1.weight`. */
export type StateDict = Readonly<Record<string, Parameter>>

/** A parameter that an optimiser learns, starting at the tensor that `initial` makes. */
export function learned<Rank extends tf.Rank>(
  layout: Layout,
  initial: () => tf.Tensor<Rank>,
): Parameter<Rank> {
  return { value: tf.tidy(() => tf.variable(initial(), true)), trainable: true, layout }
}

/** A parameter that is kept and saved but not learned, such as a running statistic, a moment or a counter. */
export function kept<Rank extends tf.Rank>(layout: Layout, initial: () => tf.Tensor<Rank>): Parameter<Rank> {
  return { value: tf.tidy(() => tf.variable(initial(), false)), trainable: false, layout }
}

/**
 * One state dict of several.
 *
 * @throws {InputError} when two of them hold the same name.
 */
export function mergeStates(...states: readonly StateDict[]): StateDict {
  const merged: Record<string, Parameter> = {}
  for (const state of states) {
    for (const [name, parameter] of Object.entries(state)) {
      if (Object.hasOwn(merged, name)) {
        throw new InputError(`two parameters are named ${name}; give one part of the model another prefix`)
      }
      merged[name] = parameter
    }
  }
  return merged
}

/** The variables that an optimiser changes, under the state's names. */
export function trainableVariables(state: StateDict): Record<string, tf.Variable> {
  return Object.fromEntries(
    Object.entries(state)
      .filter(([, parameter]) => parameter.trainable)
      .map(([name, parameter]) => [name, parameter.value]),
  )
}

/** Lets profiles call the parameters by these names. */
export function nameParameters(state: StateDict): void {
  nameVariables(Object.fromEntries(Object.entries(state).map(([name, { value }]) => [name, value])))
}

/** Frees the variables of a state dict, which cannot be used any more. */
export function disposeState(state: StateDict): void {
  for (const { value } of Object.values(state)) value.dispose()
}
