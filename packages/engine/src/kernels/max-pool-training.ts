import { tf } from '../tensorflow.js'
import {
  booleanAttribute,
  integersAttribute,
  stringAttribute,
  typeAttribute,
  type NativeBackend,
} from './native-backend.js'

const forwardKernel = 'MaxPoolTraining'
const gradientKernel = 'MaxPoolTrainingGrad'

/**
 * Max pooling of squares side by side, as `tf.maxPool(x, size, size, 'valid')`, for passes whose gradient is wanted:
 * on the native engine it remembers where each maximum was, so that the gradient need not look for it again. That makes
 * both together faster, but the forward pass alone slower.
 *
 * @param x [n, h, w, c]
 * @param size of the squares
 * @returns [n, floor(h / size), floor(w / size), c]
 */
export function maxPoolTraining(x: tf.Tensor4D, size: number): tf.Tensor4D {
  const backend = tf.backend() as tf.KernelBackend & Partial<NativeBackend>
  const remembers = tf.getKernel(forwardKernel, tf.getBackend()) && !backend.isUsingGpuDevice
  if (!remembers) return tf.maxPool(x, size, size, 'valid')
  const [y, positions] = tf.engine().runKernel(forwardKernel, { x }, { size }) as tf.Tensor[]
  positions!.dispose()
  return y as tf.Tensor4D
}

tf.registerGradient({
  kernelName: forwardKernel,
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc: (dy, [x, positions], attributes) => ({
    x: () =>
      tf
        .engine()
        .runKernel(
          gradientKernel,
          { x: x!, dy: (dy as tf.Tensor[])[0]!, positions: positions! },
          attributes,
        ) as tf.Tensor,
  }),
})

tf.registerKernel({
  kernelName: forwardKernel,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, backend, attrs }) => {
    const native = backend as NativeBackend
    const attributes = nativeAttributes(native, attrs!.size as number, 'TF_INT32')
    return native.executeMultipleOutputs('MaxPoolWithArgmax', attributes, [inputs.x!], 2)
  },
})

tf.registerKernel({
  kernelName: gradientKernel,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, backend, attrs }) => {
    const native = backend as NativeBackend
    const { binding } = native
    const [x, dy, positions] = native.getInputTensorIds([inputs.x!, inputs.dy!, inputs.positions!])
    // The gradient takes positions as 64-bit integers, which TensorFlow.js does not know.
    const castAttributes = [
      typeAttribute(native, 'SrcT', 'TF_INT32'),
      typeAttribute(native, 'DstT', 'TF_INT64'),
      booleanAttribute(native, 'Truncate', false),
    ]
    const [wide] = binding.executeOp('Cast', castAttributes, [positions!], 1)
    const attributes = nativeAttributes(native, attrs!.size as number, 'TF_INT64')
    const [gradient] = binding.executeOp('MaxPoolGradWithArgmax', attributes, [x!, dy!, wide!.id], 1)
    binding.deleteTensor(wide!.id)
    return native.createOutputTensor(gradient!)
  },
})

function nativeAttributes(native: NativeBackend, size: number, positions: 'TF_INT32' | 'TF_INT64') {
  return [
    integersAttribute(native, 'ksize', [1, size, size, 1]),
    integersAttribute(native, 'strides', [1, size, size, 1]),
    stringAttribute(native, 'padding', 'VALID'),
    booleanAttribute(native, 'include_batch_in_index', false),
    typeAttribute(native, 'Targmax', positions),
    typeAttribute(native, 'T', 'TF_FLOAT'),
  ]
}
