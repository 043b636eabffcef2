import { tf, type RandomKey } from '@m2l/engine'
import { xavierUniform, type ForwardContext, type StateDict } from '@m2l/nn'
import { maxPool } from './max-pool.js'
import { NormalisedConvolution } from './normalised-convolution.js'
import type { Stage } from './staged-backbone.js'

/** The features at each position of the Conv-64F encoders, in every layer. */
export const conv64Channels = 64

/**
 * A block of the Conv-64F encoders: 3x3 convolution, batch norm, LeakyReLU(.2) and, where asked, 2x2 max
 * pooling.
 */
export class Conv64Block implements Stage {
  readonly name: string
  readonly state: StateDict
  readonly #convolution: NormalisedConvolution
  readonly #pooled: boolean

  /** @param position of the block in the network, from 1 */
  constructor(key: RandomKey, position: number, { pooled }: { pooled: boolean }) {
    this.name = `layer${position}`
    this.#convolution = new NormalisedConvolution({
      key,
      convolution: `${this.name}.0`,
      batchNorm: `${this.name}.1`,
      inputChannels: position === 1 ? 3 : conv64Channels,
      outputChannels: conv64Channels,
      kernelSize: 3,
      padding: 'same',
      initialise: xavierUniform,
    })
    this.#pooled = pooled
    this.state = this.#convolution.state
  }

  /**
   * @param x [n, height, width, 3 or 64]
   * @returns [n, height, width, 64], or with pooling half as high and wide
   */
  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const features = this.#convolution.forward(x, context)
      // LeakyReLU grows with its input, so it gives the same after pooling as before, on a quarter of the
      // values.
      return tf.leakyRelu(this.#pooled ? maxPool(features) : features, 0.2)
    })
  }
}
