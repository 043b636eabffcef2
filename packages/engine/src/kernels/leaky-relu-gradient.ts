import { tf } from '../tensorflow.js'
import { floatAttribute, typeAttribute, type NativeBackend } from '../native-backend.js'

const gradientKernel = 'LeakyReluGrad'

// TensorFlow.js composes this gradient of three operations; TensorFlow has it as one. It asks for the sign of
// the input, which the output has too unless the slope is negative. The output is kept for what comes next
// anyhow, so that a graph need not keep the input as well.
tf.registerGradient({
  kernelName: tf.LeakyRelu,
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc: (dy, [x, y], attributes) => {
    const signed = (attributes.alpha as number) < 0 ? x! : y!
    return {
      x: () =>
        tf.engine().runKernel(gradientKernel, { dy: dy as tf.Tensor, x: signed }, attributes) as tf.Tensor,
    }
  },
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
