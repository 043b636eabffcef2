import { kaimingNormalFanOut } from '@m2l/nn'
import { NormalisedConvolution, type NormalisedConvolutionOptions } from './normalised-convolution.js'

/**
 * A convolution of EfficientNet-Lite with its batch norm: TensorFlow's padding, epsilon 1e-3, TensorFlow's
 * momentum .99.
 */
export function liteConvolution(
  options: Omit<NormalisedConvolutionOptions, 'padding' | 'epsilon' | 'momentum'>,
): NormalisedConvolution {
  return new NormalisedConvolution({
    initialise: kaimingNormalFanOut,
    ...options,
    padding: 'same',
    epsilon: 1e-3,
    momentum: 0.01,
  })
}
