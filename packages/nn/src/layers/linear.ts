import { tf, type RandomKey } from '@m2l/engine'
import { uniform, uniformFanIn, type Initialiser } from './initialisers.js'
import { learned, type Parameter, type StateDict } from '../state/parameter.js'

/** What a linear layer is made from. */
export interface LinearOptions {
  readonly key: RandomKey
  readonly inputs: number
  readonly outputs: number
  /** Whether a bias is added; yes unless told. */
  readonly bias?: boolean
  /** Of the weight; `uniformFanIn` unless told. */
  readonly initialise?: Initialiser
  /** Of the bias; uniform in ±1 / sqrt(inputs) unless told. */
  readonly initialiseBias?: Initialiser
}

/** x W + b. */
export class Linear {
  readonly state: StateDict
  readonly #weight: Parameter<tf.Rank.R2>
  readonly #bias: Parameter | undefined

  constructor(options: LinearOptions) {
    const { key, inputs, outputs, bias = true, initialise = uniformFanIn } = options
    const { initialiseBias = uniformWithin(1 / Math.sqrt(inputs)) } = options
    this.#weight = learned('linear', () => initialise(key.fold('weight'), [inputs, outputs]) as tf.Tensor2D)
    this.#bias = bias ? learned('plain', () => initialiseBias(key.fold('bias'), [outputs])) : undefined
    this.state = { weight: this.#weight, ...(this.#bias && { bias: this.#bias }) }
  }

  /**
   * @param x [n, inputs]
   * @returns [n, outputs]
   */
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const weight = this.#weight.value
    const bias = this.#bias
    if (!bias) return tf.matMul(x, weight)
    return tf.tidy(() => tf.add(tf.matMul(x, weight), bias.value))
  }
}

function uniformWithin(bound: number): Initialiser {
  return (key, shape) => uniform(key, shape, -bound, bound)
}
