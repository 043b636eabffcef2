import { tf } from '../tensorflow.js'
import { typeAttribute, type NativeBackend } from '../native-backend.js'

const gradientKernel = 'Relu6Grad'

// TensorFlow.js composes this gradient of five operations; TensorFlow has it as one. At 0 and at 6 it is 0,
// as in TensorFlow and PyTorch; TensorFlow.js lets it pass at 6. The output lies between the two where the
// input does, so that a graph need not keep the input.
tf.registerGradient({
  kernelName: tf.Relu6,
  outputsToSave: [true],
  gradFunc: (dy, [y]) => ({
    x: () => tf.engine().runKernel(gradientKernel, { dy: dy as tf.Tensor, y: y! }) as tf.Tensor,
  }),
})

tf.registerKernel({
  kernelName: gradientKernel,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, backend }) => {
    const native = backend as NativeBackend
    return native.executeSingleOutput(
      'Relu6Grad',
      [typeAttribute(native, 'T', 'TF_FLOAT')],
      [inputs.dy!, inputs.y!],
    )
  },
})

for (const backendName of ['cpu', 'wasm']) {
  tf.registerKernel({
    kernelName: gradientKernel,
    backendName,
    kernelFunc: ({ inputs }) => {
      const { dy, y } = inputs as Record<string, tf.Tensor>
      return tf.tidy(() => tf.where(tf.logicalAnd(tf.greater(y!, 0), tf.less(y!, 6)), dy!, tf.zerosLike(dy!)))
    },
  })
}
