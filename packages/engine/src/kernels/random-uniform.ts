import { TracedKey } from '../traced-key.js'
import { tf } from '../tensorflow.js'
import { Philox } from '../philox.js'
import type { RandomKey } from '../random-key.js'
import { typeAttribute, type NativeBackend } from '../native-backend.js'

const kernelName = 'KeyedRandomUniform'

/**
 * Uniform float32 numbers in [0, 1) that depend on the key and the shape alone: every engine gives the same
 * ones.
 *
 * @param shape of the tensor returned
 */
export function randomUniform(key: RandomKey, shape: readonly number[]): tf.Tensor {
  return tf
    .engine()
    .runKernel(kernelName, {}, { shape: [...shape], key } as unknown as tf.NamedAttrMap) as tf.Tensor
}

tf.registerKernel({
  kernelName,
  backendName: 'tensorflow',
  kernelFunc: ({ backend, attrs }) => {
    const native = backend as NativeBackend
    const key = attrs!.key as unknown as RandomKey
    const shape = tf.tensor1d(attrs!.shape as number[], 'int32')
    const seed = tf.tensor1d([...key.seed], 'int32')
    if (key instanceof TracedKey) key.claim(seed)
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
      const philox = new Philox((attrs!.key as unknown as RandomKey).seed)
      const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => philox.nextFloat32())
      return tf.tensor(values, shape)
    },
  })
}
