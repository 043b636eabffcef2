import { tf } from '../tensorflow.js'

const kernelName = 'OneHot'

/**
 * Corrects the kernel `OneHot` of `wasm`, which in TensorFlow.js 4.22 writes integers of four bytes whatever
 * is asked: read as `float32`, a one is 1.4e-45, and where a `bool` has one byte, it overwrites what lies
 * behind.
 */
export function correctOneHot(backendName: string): void {
  const own = tf.getKernel(kernelName, backendName)
  tf.unregisterKernel(kernelName, backendName)
  tf.registerKernel({
    ...own, // with its set-up
    kernelFunc(call) {
      const dtype = call.attrs!.dtype as tf.DataType
      const integers = own.kernelFunc({ ...call, attrs: { ...call.attrs, dtype: 'int32' } }) as tf.TensorInfo
      return tf.tidy(() => tf.cast(tf.engine().makeTensorFromTensorInfo(integers), dtype))
    },
  })
}
