import { addBias, tf, type RandomKey } from '@m2l/engine'
import { convolve, type Windows } from './convolve.js'
import { uniform, uniformFanIn, type Initialiser } from './initialisers.js'
import { learned, type Parameter, type StateDict } from '../state/parameter.js'

/** What a convolution is made from. */
export interface ConvolutionOptions extends Windows {
  readonly key: RandomKey
  readonly inputChannels: number
  readonly outputChannels: number
  /** Height and width of the kernel. */
  readonly kernelSize: number
  /** Whether a bias is added, which starts as PyTorch's, uniform in ±1 / sqrt(fan-in); no unless told. */
  readonly bias?: boolean
  /** Of the weight; `uniformFanIn` unless told. */
  readonly initialise?: Initialiser
}

/** A two-dimensional convolution: plain, in groups, or depthwise (as many groups as input channels). */
export class Convolution {
  readonly state: StateDict
  readonly #weight: Parameter<tf.Rank.R4>
  readonly #bias: Parameter<tf.Rank.R1> | undefined
  readonly #windows: Windows

  /** @throws {RangeError} the groups do not divide both numbers of channels */
  constructor(options: ConvolutionOptions) {
    const { key, kernelSize, inputChannels, outputChannels, initialise = uniformFanIn } = options
    const { groups = 1, bias = false } = options
    if (inputChannels % groups !== 0 || outputChannels % groups !== 0) {
      throw new RangeError(`${groups} groups do not divide ${inputChannels} and ${outputChannels} channels`)
    }
    const inputsEach = inputChannels / groups
    const shape = [kernelSize, kernelSize, inputsEach, outputChannels]
    this.#weight = learned('convolution', () => initialise(key, shape) as tf.Tensor4D)
    const bound = 1 / Math.sqrt(inputsEach * kernelSize ** 2)
    this.#bias = bias
      ? learned('plain', () => uniform(key.fold('bias'), [outputChannels], -bound, bound) as tf.Tensor1D)
      : undefined
    this.#windows = options
    this.state = { weight: this.#weight, ...(this.#bias && { bias: this.#bias }) }
  }

  /**
   * @param x [n, height, width, inputChannels]
   * @param then what follows, in the same pass: each output channel times `factor`, plus `offset`; both
   *   [outputChannels]
   * @returns [n, height', width', outputChannels]
   */
  forward(
    x: tf.Tensor4D,
    then?: { readonly factor: tf.Tensor1D; readonly offset: tf.Tensor1D },
  ): tf.Tensor4D {
    const weight = this.#weight.value
    const bias = this.#bias?.value
    return tf.tidy(() => {
      if (!then) {
        const y = convolve(x, weight, this.#windows)
        return bias ? addBias(y, bias) : y
      }
      const offset = bias ? tf.add(tf.mul(bias, then.factor), then.offset) : then.offset
      return addBias(convolve(x, tf.mul(weight, then.factor), this.#windows), offset as tf.Tensor1D)
    })
  }
}
