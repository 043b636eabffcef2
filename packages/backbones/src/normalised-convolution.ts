import { tf, type RandomKey } from '@m2l/engine'
import {
  BatchNorm,
  type BatchNormOptions,
  Convolution,
  mergeStates,
  prefixed,
  type ConvolutionOptions,
  type ForwardContext,
  type StateDict,
} from '@m2l/nn'

/** What a normalised convolution is made from: the options and the names of its two parts. */
export interface NormalisedConvolutionOptions extends Omit<ConvolutionOptions, 'key'>, BatchNormOptions {
  /** Of the whole network; the convolution's name is folded in. */
  readonly key: RandomKey
  readonly convolution: string
  readonly batchNorm: string
}

/** A convolution followed by a batch norm, the pair that every backbone here is made of. */
export class NormalisedConvolution {
  readonly state: StateDict
  readonly #convolution: Convolution
  readonly #batchNorm: BatchNorm

  constructor({ key, convolution, batchNorm, ...options }: NormalisedConvolutionOptions) {
    this.#convolution = new Convolution({ ...options, key: key.fold(convolution) })
    this.#batchNorm = new BatchNorm(options.outputChannels, options)
    this.state = mergeStates(
      prefixed(convolution, this.#convolution.state),
      prefixed(batchNorm, this.#batchNorm.state),
    )
  }

  /**
   * In evaluation the batch norm is folded into the convolution's weights.
   *
   * @param x [n, height, width, inputChannels]
   * @returns [n, height', width', outputChannels]
   */
  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    if (context.training) return this.#batchNorm.forward(this.#convolution.forward(x), context)
    return tf.tidy(() => this.#convolution.forward(x, this.#batchNorm.inEvaluation()))
  }
}
