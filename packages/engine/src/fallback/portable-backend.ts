import { InputError } from '../input-error.js'
import { addConvolutionFilterGradient } from '../kernels/convolution-filter-gradient.js'
import { addDepthwiseGradients } from '../kernels/depthwise-gradients.js'
import { correctOneHot } from '../kernels/one-hot.js'
import { correctSamePadding } from '../kernels/same-padding.js'
import { tf } from '../tensorflow.js'

/**
 * Activates one of TensorFlow.js's own back ends, which run everywhere.
 *
 * `wasm` is completed with the kernels that training lacks there, the gradients of a convolution by its
 * filter and of a depthwise one, and some of its own are corrected.
 *
 * @param wasmFiles the address of the folder of the `.wasm` files, or of each of them by its name; Node.js
 *   needs none
 * @throws {InputError} when the `.wasm` files cannot be loaded
 */
export async function activatePortableBackend(
  name: 'wasm' | 'cpu',
  wasmFiles?: string | Readonly<Record<string, string>>,
): Promise<void> {
  if (name === 'wasm') {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
    if (wasmFiles !== undefined) setWasmPaths(wasmFiles)
    if (!isComplete) {
      addConvolutionFilterGradient('wasm')
      addDepthwiseGradients('wasm')
      correctOneHot('wasm')
      correctSamePadding('wasm')
      isComplete = true
    }
  } else {
    // The back end greets on its first use with an advertisement for another package.
    Object.assign(tf.findBackend('cpu'), { firstUse: false })
  }
  if (await tf.setBackend(name)) return
  throw new InputError(
    `TensorFlow.js's ${name} back end does not start; expected the .wasm files of @tensorflow/tfjs-backend-wasm/dist ` +
      'where loadEngine({ wasmFiles }) says',
    { code: 'engine' },
  )
}

let isComplete = false
