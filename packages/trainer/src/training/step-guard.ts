import { choose, tf } from '@m2l/engine'
import type { StateDict } from '@m2l/nn'

/** What of a training step must be finite. */
export interface StepChecks {
  /** What is computed for each part of the batch, and what it is called in messages, by name. */
  readonly computed: Readonly<Record<string, string>>
  /**
   * What the step changes, in the order in which a fault passes from one to the next: statistics, gradients,
   * weights.
   */
  readonly state: readonly GuardedVariable[]
}

/** A variable that a step changes, and what has gone wrong when it is not finite. */
interface GuardedVariable {
  readonly what: string
  readonly variable: tf.Variable
}

/** What of a training step was not finite, where it began. */
export interface StepFault {
  /** Which episode of the batch, from 0; undefined where it began in none of them alone. */
  readonly part?: number
  /** For example `the scores of level pixel` or `the gradient of encoder.layer1.weight`. */
  readonly what: string
}

/** The checks of a step on a model and its optimiser. */
export function checksOf(
  computed: StepChecks['computed'],
  model: StateDict,
  optimiser: StateDict,
): StepChecks {
  const ofModel = Object.entries(model).map(([name, { value, trainable }]) => {
    return { what: `the new value of ${name}`, variable: value, trainable }
  })
  const ofOptimiser = Object.entries(optimiser).map(([name, { value }]) => {
    const parameter = name.slice(name.indexOf('.') + 1)
    const isMoment = Object.hasOwn(model, parameter)
    return { what: isMoment ? `the gradient of ${parameter}` : `the optimiser's ${name}`, variable: value }
  })
  return {
    computed,
    state: [
      ...ofModel.filter(({ trainable }) => !trainable),
      ...ofOptimiser.toReversed(), // gradients go from the last layer to the first
      ...ofModel.filter(({ trainable }) => trainable),
    ],
  }
}

/**
 * Looks whether all numbers of a training step are finite, and undoes the step where one is not: then
 * weights, statistics and moments are as before it. It is part of the step's graph; nothing is read back.
 *
 * It changes no bit of a step in which all is finite: gradients are looked at in the moments that follow
 * them, since TensorFlow merges a sum with those around it only where nobody else reads it, and everything is
 * looked at in the end, since the order in which it adds depends on the order of operations.
 */
export class StepGuard {
  readonly #checks: StepChecks
  readonly #before: readonly tf.Tensor[]
  readonly #computed: tf.Tensor[] = []

  /** To be made before the step, in the tidy of it. */
  constructor(checks: StepChecks) {
    this.#checks = checks
    this.#before = checks.state.map(({ variable }) => tf.clone(variable as tf.Tensor))
  }

  /**
   * Will look at what is computed for the next part of the batch; may be called where a gradient is being
   * taken.
   */
  look(computed: Readonly<Record<string, tf.Tensor>>): void {
    const values = Object.keys(this.#checks.computed).map((name) => tf.keep(tf.clone(computed[name]!)))
    this.#computed.push(...values)
  }

  /**
   * Looks at that and at what the step has changed, and undoes it where anything was not finite.
   *
   * @returns for each check whether it was finite, [checks], bool
   */
  close(): tf.Tensor1D {
    const { state } = this.#checks
    const isChanged = state.map(({ variable }, index) => variable.dataId !== this.#before[index]!.dataId)
    const flags = tf.stack([
      ...this.#computed.map(allFinite),
      ...state.map(({ variable }, index) => allFinite(isChanged[index] ? variable : undefined)),
    ]) as tf.Tensor1D
    tf.dispose(this.#computed)
    const isFinite = tf.all(flags)
    for (const [index, { variable }] of state.entries()) {
      if (isChanged[index]) variable.assign(choose(isFinite, variable as tf.Tensor, this.#before[index]!))
    }
    return flags
  }
}

/** What has not changed is not looked at. */
function allFinite(tensor: tf.Tensor | undefined): tf.Tensor {
  if (tensor?.dtype !== 'float32') return tf.scalar(true, 'bool')
  return tf.tidy(() => tf.all(tf.isFinite(tensor)))
}

/** What the flags of {@link StepGuard.close} say; undefined where all was finite. */
export function faultOf({ computed, state }: StepChecks, flags: Uint8Array): StepFault | undefined {
  const wrong = flags.indexOf(0)
  if (wrong < 0) return undefined
  const ofParts = flags.length - state.length
  if (wrong >= ofParts) return { what: state[wrong - ofParts]!.what }
  const names = Object.values(computed)
  const part = Math.floor(wrong / names.length)
  const found = names.filter((_, index) => !flags[part * names.length + index])
  return { part, what: found.join(' and ') }
}
