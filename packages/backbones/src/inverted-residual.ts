import { tf, type RandomKey } from '@m2l/engine'
import { dropConnect, mergeStates, normal, relu6, type ForwardContext, type StateDict } from '@m2l/nn'
import { liteConvolution } from './lite-convolution.js'
import { NormalisedConvolution } from './normalised-convolution.js'

/** What a block is made from. */
export interface InvertedResidualOptions {
  /** Of the whole network. */
  readonly key: RandomKey
  /** For example `stage2.0`. */
  readonly name: string
  readonly inputChannels: number
  readonly outputChannels: number
  /** How many times wider than its input the block is inside. */
  readonly expansion: number
  readonly kernelSize: number
  readonly stride: number
  /** How often training leaves out the block and keeps what goes around it. */
  readonly dropRate: number
}

/**
 * An inverted residual block (Sandler et al., "MobileNetV2", CVPR 2018, section 3.3): a 1x1 convolution that
 * widens, unless the expansion is 1, a depthwise convolution, and a 1x1 convolution that narrows; batch norms
 * after all, ReLU6 after the first two. Where the map keeps its shape, the input is added.
 */
export class InvertedResidual {
  readonly state: StateDict
  readonly #name: string
  readonly #dropRate: number
  readonly #expand: NormalisedConvolution | undefined
  readonly #depthwise: NormalisedConvolution
  readonly #project: NormalisedConvolution
  readonly #isResidual: boolean

  constructor(options: InvertedResidualOptions) {
    const { key, name, inputChannels, outputChannels, expansion, kernelSize, stride } = options
    const inside = inputChannels * expansion
    const part = (convolution: string, ofPart: PartOptions) =>
      liteConvolution({
        key,
        convolution: `${name}.${convolution}`,
        batchNorm: `${name}.${convolution}_bn`,
        ...ofPart,
      })
    this.#expand =
      expansion === 1 ? undefined : part('expand', { inputChannels, outputChannels: inside, kernelSize: 1 })
    this.#depthwise = part('depthwise', {
      inputChannels: inside,
      outputChannels: inside,
      groups: inside,
      kernelSize,
      stride,
      initialise: (ofWeight, shape) => normal(ofWeight, shape, 0, Math.sqrt(2 / kernelSize ** 2)),
    })
    this.#project = part('project', { inputChannels: inside, outputChannels, kernelSize: 1 })
    const parts = [this.#expand, this.#depthwise, this.#project]
    this.state = mergeStates(...parts.flatMap((one) => (one ? [one.state] : [])))
    this.#name = name
    this.#dropRate = options.dropRate
    this.#isResidual = stride === 1 && inputChannels === outputChannels
  }

  /**
   * @param x [n, height, width, inputChannels]
   * @returns [n, height / stride, width / stride, outputChannels], a half position counts as one
   */
  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const wide = this.#expand ? relu6(this.#expand.forward(x, context)) : x
      const narrow = this.#project.forward(relu6(this.#depthwise.forward(wide, context)), context)
      if (!this.#isResidual) return narrow
      return tf.add(dropConnect(narrow, this.#dropRate, context, `${this.#name}'s drop-connect`), x)
    })
  }
}

type PartOptions = Omit<Parameters<typeof liteConvolution>[0], 'key' | 'convolution' | 'batchNorm'>
