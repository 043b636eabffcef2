import { addBias, tf, type RandomKey } from '@m2l/engine'
import { uniformFanIn, type Initialiser } from './initialisers.js'
import { learned, type Parameter, type StateDict } from './parameter.js'

/** What a convolution is made from. */
export interface ConvolutionOptions {
  readonly key: RandomKey
  readonly inputChannels: number
  readonly outputChannels: number
  /** Height and width of the kernel. */
  readonly kernelSize: number
  /** `same` keeps height and width (PyTorch's `padding=kernel_size // 2`), `valid` pads nothing. */
  readonly padding: 'same' | 'valid'
  /** `uniformFanIn` unless told. */
  readonly initialise?: Initialiser
}

/** A two-dimensional convolution of stride 1 without bias of its own. */
export class Convolution {
  readonly state: StateDict
  readonly #weight: Parameter<tf.Rank.R4>
  readonly #padding: 'same' | 'valid'

  constructor(options: ConvolutionOptions) {
    const { key, kernelSize, inputChannels, outputChannels, initialise = uniformFanIn } = options
    const shape = [kernelSize, kernelSize, inputChannels, outputChannels]
    this.#weight = learned('convolution', () => initialise(key, shape) as tf.Tensor4D)
    this.#padding = options.padding
    this.state = { weight: this.#weight }
  }

  /**
   * @param x [n, height, width, inputChannels]
   * @param then what follows, in the same pass: each output channel times `factor`, plus `offset`; both [outputChannels]
   * @returns [n, height', width', outputChannels]
   */
  forward(
    x: tf.Tensor4D,
    then?: { readonly factor: tf.Tensor1D; readonly offset: tf.Tensor1D },
  ): tf.Tensor4D {
    if (!then) return tf.conv2d(x, this.#weight.value, 1, this.#padding)
    return tf.tidy(() => {
      const weight = tf.mul(this.#weight.value, then.factor) as tf.Tensor4D
      return addBias(tf.conv2d(x, weight, 1, this.#padding), then.offset)
    })
  }
}
