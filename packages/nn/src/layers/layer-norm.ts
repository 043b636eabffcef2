import { tf } from '@m2l/engine'
import { learned, type Parameter, type StateDict } from '../state/parameter.js'

/** What a layer norm may be told. */
export interface LayerNormOptions {
  /** Added to the variance before the square root; PyTorch's 1e-5 unless told. */
  readonly epsilon?: number
}

/**
 * Layer normalisation over the last axis (Ba, Kiros and Hinton 2016), PyTorch's `LayerNorm(channels)`: of
 * each position by itself, with the biased variance; the same in training and in evaluation.
 */
export class LayerNorm {
  readonly state: StateDict
  readonly #scale: Parameter<tf.Rank.R1>
  readonly #offset: Parameter<tf.Rank.R1>
  readonly #epsilon: number

  constructor(channels: number, { epsilon = 1e-5 }: LayerNormOptions = {}) {
    this.#scale = learned('plain', () => tf.ones([channels]))
    this.#offset = learned('plain', () => tf.zeros([channels]))
    this.#epsilon = epsilon
    this.state = { weight: this.#scale, bias: this.#offset }
  }

  /**
   * @param x [..., channels]
   * @returns the same shape
   */
  forward<Shape extends tf.Rank>(x: tf.Tensor<Shape>): tf.Tensor<Shape> {
    return tf.tidy(() => {
      const centred = tf.sub(x, tf.mean(x, -1, true))
      const variance = tf.mean(tf.square(centred), -1, true)
      const normalised = tf.mul(centred, tf.rsqrt(tf.add(variance, this.#epsilon)))
      return tf.add(tf.mul(normalised, this.#scale.value), this.#offset.value) as tf.Tensor<Shape>
    })
  }
}
