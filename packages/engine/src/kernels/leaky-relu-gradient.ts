import { tf } from '../tensorflow.js'
import { floatAttribute, typeAttribute, type NativeBackend } from './native-backend.js'

const gradientKernel = 'LeakyReluGrad'

// TensorFlow.js composes this gradient of three operations; TensorFlow has it as one.
tf.registerGradient({
  kernelName: tf.LeakyRelu,
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attributes) => ({
    x: () => tf.engine().runKernel(gradientKernel, { dy: dy as tf.Tensor, x: x! }, attributes) as tf.Tensor,
  }),
})

tf.registerKernel({
  kernelName: gradientKernel,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, backend, attrs }) => {
    const native = backend as NativeBackend
    const attributes = [
      typeAttribute(native, 'T', 'TF_FLOAT'),
      floatAttribute(native, 'alpha', attrs!.alpha as number),
    ]
    return native.executeSingleOutput('LeakyReluGrad', attributes, [inputs.dy!, inputs.x!])
  },
})

for (const backendName of ['cpu', 'wasm']) {
  tf.registerKernel({
    kernelName: gradientKernel,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { dy, x } = inputs as Record<string, tf.Tensor>
      return tf.tidy(() => tf.where(tf.greater(x!, 0), dy!, tf.mul(dy!, attrs!.alpha as number)))
    },
  })
}
