import { batchNormTraining, tf } from '@m2l/engine'
import type { ForwardContext } from './module.js'
import { kept, learned, type Parameter, type StateDict } from '../state/parameter.js'

/** What a batch norm may be told. */
export interface BatchNormOptions {
  /** Added to the variance before the square root; PyTorch's 1e-5 unless told. */
  readonly epsilon?: number
  /**
   * The share of each batch in the running statistics; PyTorch's .1 unless told (TensorFlow's momentum is 1
   * less this).
   */
  readonly momentum?: number
}

/**
 * Batch normalisation over n, height and width (Ioffe and Szegedy 2015) with PyTorch's defaults: running
 * statistics move by a tenth towards each batch's mean and unbiased variance.
 *
 * In training it normalises with the batch's statistics, otherwise, or where the context fixes batch norms,
 * with the running ones.
 */
export class BatchNorm {
  readonly state: StateDict
  readonly #scale: Parameter<tf.Rank.R1>
  readonly #offset: Parameter<tf.Rank.R1>
  readonly #mean: Parameter<tf.Rank.R1>
  readonly #variance: Parameter<tf.Rank.R1>

  readonly #epsilon: number
  readonly #momentum: number

  constructor(channels: number, { epsilon = 1e-5, momentum = 0.1 }: BatchNormOptions = {}) {
    this.#epsilon = epsilon
    this.#momentum = momentum
    this.#scale = learned('plain', () => tf.ones([channels]))
    this.#offset = learned('plain', () => tf.zeros([channels]))
    this.#mean = kept('plain', () => tf.zeros([channels]))
    this.#variance = kept('plain', () => tf.ones([channels]))
    this.state = {
      weight: this.#scale,
      bias: this.#offset,
      running_mean: this.#mean,
      running_var: this.#variance,
    }
  }

  /**
   * @param x [n, height, width, channels]
   * @returns the same shape
   */
  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    const scale = this.#scale.value
    const offset = this.#offset.value
    if (context.training && !context.fixBatchNorm) {
      return tf.tidy(() => {
        const { y, mean, variance } = batchNormTraining(x, scale, offset, this.#epsilon)
        this.#move(this.#mean.value, mean)
        this.#move(this.#variance.value, variance)
        return y
      })
    }
    const mean = this.#mean.value
    const variance = this.#variance.value
    return tf.batchNorm4d(x, mean, variance, offset, scale, this.#epsilon)
  }

  /**
   * What it does in evaluation, as `factor * x + offset`, so that it can be folded into what comes before.
   *
   * @returns both [channels]
   */
  inEvaluation(): { readonly factor: tf.Tensor1D; readonly offset: tf.Tensor1D } {
    return tf.tidy(() => {
      const deviation = tf.sqrt(tf.add(this.#variance.value, this.#epsilon))
      const factor = tf.div(this.#scale.value, deviation) as tf.Tensor1D
      return { factor, offset: tf.sub(this.#offset.value, tf.mul(this.#mean.value, factor)) }
    })
  }

  #move(running: tf.Variable<tf.Rank.R1>, batch: tf.Tensor1D): void {
    running.assign(tf.add(tf.mul(running, 1 - this.#momentum), tf.mul(batch, this.#momentum)))
  }
}
