import { createRequire } from 'node:module'
import { addConvolutionFilterGradient } from '../kernels/convolution-filter-gradient.js'
import { correctOneHot } from '../kernels/one-hot.js'
import { tf } from '../tensorflow.js'

/**
 * Activates one of TensorFlow.js's own back ends, which need nothing but Node.js.
 *
 * `wasm` is completed with the one kernel that training lacks there, the gradient of a convolution by its filter, and one
 * of its own is corrected.
 */
export async function activatePortableBackend(name: 'wasm' | 'cpu'): Promise<void> {
  if (name === 'wasm') {
    createRequire(import.meta.url)('@tensorflow/tfjs-backend-wasm')
    addConvolutionFilterGradient('wasm')
    correctOneHot('wasm')
  } else {
    // The back end greets on its first use with an advertisement for another package.
    Object.assign(tf.findBackend('cpu'), { firstUse: false })
  }
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js cannot start its ${name} back end`)
}
