import { tf } from '../tensorflow.js'
import { Philox } from '../philox.js'
import type { RandomKey } from '../random-key.js'
import { typeAttribute, type NativeBackend } from './native-backend.js'

const kernelName = 'KeyedRandomUniform'

/**
 * Uniform float32 numbers in [0, 1) that depend on the key and the shape alone: every engine gives the same ones.
 *
 * @param shape of the tensor returned
 */
export function randomUniform(key: RandomKey, shape: readonly number[]): tf.Tensor {
  return tf.engine().runKernel(kernelName, {}, { shape: [...shape], seed: [...key.seed] }) as tf.Tensor
}

tf.registerKernel({
  kernelName,
  backendName: 'tensorflow',
  kernelFunc: ({ backend, attrs }) => {
    const native = backend as NativeBackend
    const shape = tf.tensor1d(attrs!.shape as number[], 'int32')
    const seed = tf.tensor1d(attrs!.seed as number[], 'int32')
    const attributes = [
      typeAttribute(native, 'dtype', 'TF_FLOAT'),
      typeAttribute(native, 'T', 'TF_INT32'),
      typeAttribute(native, 'Tseed', 'TF_INT32'),
    ]
    const output = native.executeSingleOutput('StatelessRandomUniform', attributes, [shape, seed])
    tf.dispose([shape, seed])
    return output
  },
})

for (const backendName of ['cpu', 'wasm']) {
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ attrs }) => {
      const shape = attrs!.shape as number[]
      const philox = new Philox(attrs!.seed as [number, number])
      const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => philox.nextFloat32())
      return tf.tensor(values, shape)
    },
  })
}
