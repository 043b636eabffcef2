import { createRequire } from 'node:module'
import { addConvolutionFilterGradient } from '../kernels/convolution-filter-gradient.js'
import { addDepthwiseGradients } from '../kernels/depthwise-gradients.js'
import { correctOneHot } from '../kernels/one-hot.js'
import { correctSamePadding } from '../kernels/same-padding.js'
import { tf } from '../tensorflow.js'

/**
 * Activates one of TensorFlow.js's own back ends, which need nothing but Node.js.
 *
 * `wasm` is completed with the kernels that training lacks there, the gradients of a convolution by its filter and of a
 * depthwise one, and some of its own are corrected.
 */
export async function activatePortableBackend(name: 'wasm' | 'cpu'): Promise<void> {
  if (name === 'wasm') {
    createRequire(import.meta.url)('@tensorflow/tfjs-backend-wasm')
    addConvolutionFilterGradient('wasm')
    addDepthwiseGradients('wasm')
    correctOneHot('wasm')
    correctSamePadding('wasm')
  } else {
    // The back end greets on its first use with an advertisement for another package.
    Object.assign(tf.findBackend('cpu'), { firstUse: false })
  }
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js cannot start its ${name} back end`)
}
