import { tf } from '../tensorflow.js'
import type { NativeBackend } from '../native-backend.js'

const kernelName = 'ChooseWhole'

/**
 * One of two tensors as a whole. As `tf.where`, but the native back end hands on the tensor chosen and
 * touches no value. Not differentiable.
 *
 * @param condition a scalar, bool
 * @param whenTrue a tensor of any shape, float32 or int32
 * @param whenFalse of the same shape and type
 * @returns the same shape and type
 */
export function choose<Tensor extends tf.Tensor>(
  condition: tf.Tensor,
  whenTrue: Tensor,
  whenFalse: Tensor,
): Tensor {
  if (!tf.getKernel(kernelName, tf.getBackend())) return tf.where(condition, whenTrue, whenFalse) as Tensor
  return tf.engine().runKernel(kernelName, { condition, whenTrue, whenFalse }) as Tensor
}

tf.registerKernel({
  kernelName,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, backend }) => {
    const native = backend as NativeBackend
    const { condition, whenTrue, whenFalse } = inputs as Record<string, tf.TensorInfo>
    const { TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = native.binding
    const type = whenTrue!.dtype === 'float32' ? TF_FLOAT : TF_INT32
    const attributes = [{ name: 'T', type: TF_ATTR_TYPE, value: type }]
    return native.executeSingleOutput('Select', attributes, [condition!, whenTrue!, whenFalse!])
  },
})
