import { tf, type RandomKey } from '@m2l/engine'
import { kaimingNormalFanOut, mergeStates, type ForwardContext, type StateDict } from '@m2l/nn'
import { maxPool } from './max-pool.js'
import { NormalisedConvolution } from './normalised-convolution.js'
import type { Stage } from './staged-backbone.js'

/** What a stage is made from. */
export interface ResidualStageOptions {
  /** Of the whole network. */
  readonly key: RandomKey
  /** For example `layer1`; in PyTorch's names of its parameters, `layer1.0` stands before the rest. */
  readonly name: string
  readonly inputChannels: number
  readonly outputChannels: number
}

/**
 * A stage of ResNet-12: three 3x3 convolutions with batch norms beside a 1x1 convolution with batch norm,
 * LeakyReLU(.1) after the first two and after the sum, then 2x2 max pooling.
 */
export class ResidualStage implements Stage {
  readonly name: string
  readonly state: StateDict
  readonly #convolutions: readonly NormalisedConvolution[]
  readonly #shortcut: NormalisedConvolution

  constructor({ key, name, inputChannels, outputChannels }: ResidualStageOptions) {
    this.name = name
    const common = { key, outputChannels, padding: 'same', initialise: kaimingNormalFanOut } as const
    this.#convolutions = [1, 2, 3].map(
      (position) =>
        new NormalisedConvolution({
          ...common,
          convolution: `${name}.0.conv${position}`,
          batchNorm: `${name}.0.bn${position}`,
          inputChannels: position === 1 ? inputChannels : outputChannels,
          kernelSize: 3,
        }),
    )
    this.#shortcut = new NormalisedConvolution({
      ...common,
      convolution: `${name}.0.downsample.0`,
      batchNorm: `${name}.0.downsample.1`,
      inputChannels,
      kernelSize: 1,
    })
    this.state = mergeStates(...this.#convolutions.map((part) => part.state), this.#shortcut.state)
  }

  /**
   * @param x [n, height, width, inputChannels]
   * @returns [n, height / 2, width / 2, outputChannels]
   */
  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    const [first, second, third] = this.#convolutions as Triple
    return tf.tidy(() => {
      const once = leakyRelu(first.forward(x, context))
      const twice = leakyRelu(second.forward(once, context))
      const sum = tf.add(third.forward(twice, context), this.#shortcut.forward(x, context)) as tf.Tensor4D
      // LeakyReLU grows with its input, so it gives the same after pooling as before, on a quarter of the
      // values.
      return leakyRelu(maxPool(sum))
    })
  }
}

type Triple = readonly [NormalisedConvolution, NormalisedConvolution, NormalisedConvolution]

function leakyRelu(x: tf.Tensor4D): tf.Tensor4D {
  return tf.leakyRelu(x, 0.1)
}
