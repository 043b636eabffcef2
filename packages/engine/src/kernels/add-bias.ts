import { tf } from '../tensorflow.js'
import { stringAttribute, typeAttribute, type NativeBackend } from '../native-backend.js'

const kernelName = 'BiasAdd'

/**
 * Adds a number to every channel, differentiable with respect to both. As `tf.add(x, bias)`, but under the
 * name by which TensorFlow recognises what it can fuse: in a graph, a convolution, its bias and an activation
 * are one pass over memory.
 *
 * @param x [n, h, w, c]
 * @param bias [c]
 * @returns [n, h, w, c]
 */
export function addBias(x: tf.Tensor4D, bias: tf.Tensor1D): tf.Tensor4D {
  if (!tf.getKernel(kernelName, tf.getBackend())) return tf.add(x, bias)
  return tf.engine().runKernel(kernelName, { x, bias }) as tf.Tensor4D
}

tf.registerGradient({
  kernelName,
  gradFunc: (dy) => ({ x: () => dy as tf.Tensor, bias: () => tf.sum(dy as tf.Tensor, [0, 1, 2]) }),
})

tf.registerKernel({
  kernelName,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, backend }) => {
    const native = backend as NativeBackend
    const attributes = [
      typeAttribute(native, 'T', 'TF_FLOAT'),
      stringAttribute(native, 'data_format', 'NHWC'),
    ]
    return native.executeSingleOutput(kernelName, attributes, [inputs.x!, inputs.bias!])
  },
})
