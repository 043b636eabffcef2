import { tf } from '../tensorflow.js'
import {
  booleanAttribute,
  floatAttribute,
  stringAttribute,
  typeAttribute,
  type NativeBackend,
} from '../native-backend.js'

const forwardKernel = 'BatchNormTraining'
const gradientKernel = 'BatchNormTrainingGrad'

/** What `batchNormTraining` returns: the normalised batch and the batch's own statistics. */
export interface BatchNormTrainingResult {
  /** [n, h, w, c] */
  readonly y: tf.Tensor4D
  /** [c], the mean over n, h and w. */
  readonly mean: tf.Tensor1D
  /** [c], the unbiased variance (n*h*w - 1 in the denominator) as running statistics keep it. */
  readonly variance: tf.Tensor1D
}

/**
 * Batch normalisation with the statistics of the batch (Ioffe and Szegedy 2015, Algorithm 1), differentiable
 * with respect to `x`, `scale` and `offset`. `mean` and `variance` carry no gradient.
 *
 * On the native engine this is TensorFlow's fused kernel, elsewhere it is composed of tfjs operations.
 *
 * @param x [n, h, w, c]
 * @param scale [c]
 * @param offset [c]
 * @param epsilon added to the biased variance before the square root
 */
export function batchNormTraining(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  epsilon: number,
): BatchNormTrainingResult {
  const outputs = tf.engine().runKernel(forwardKernel, { x, scale, offset }, { epsilon }) as tf.Tensor[]
  const [y, mean, variance, ...saved] = outputs
  tf.dispose(saved)
  return { y: y as tf.Tensor4D, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D }
}

tf.registerGradient({
  kernelName: forwardKernel,
  inputsToSave: ['x', 'scale'],
  outputsToSave: [false, false, false, true, true, true],
  gradFunc: (dy, saved, attributes) => {
    const [x, scale, savedMean, savedVariance, reserve] = saved as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ]
    const inputs = { dy: (dy as tf.Tensor[])[0]!, x, scale, savedMean, savedVariance, reserve }
    const gradients = tf.engine().runKernel(gradientKernel, inputs, attributes) as tf.Tensor[]
    return { x: () => gradients[0]!, scale: () => gradients[1]!, offset: () => gradients[2]! }
  },
})

tf.registerKernel({
  kernelName: forwardKernel,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, backend, attrs }) => {
    const { x, scale, offset } = inputs as Record<string, tf.TensorInfo>
    const empty = tf.tensor1d([])
    const outputs = (backend as NativeBackend).executeMultipleOutputs(
      'FusedBatchNormV3',
      nativeAttributes(backend as NativeBackend, attrs!.epsilon as number),
      [x!, scale!, offset!, empty, empty],
      6,
    )
    empty.dispose()
    return outputs
  },
})

tf.registerKernel({
  kernelName: gradientKernel,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, backend, attrs }) => {
    const { dy, x, scale, savedMean, savedVariance, reserve } = inputs as Record<string, tf.TensorInfo>
    const outputs = (backend as NativeBackend).executeMultipleOutputs(
      'FusedBatchNormGradV3',
      nativeAttributes(backend as NativeBackend, attrs!.epsilon as number),
      [dy!, x!, scale!, savedMean!, savedVariance!, reserve!],
      5,
    )
    tf.dispose(outputs.slice(3))
    return outputs.slice(0, 3)
  },
})

function nativeAttributes(backend: NativeBackend, epsilon: number) {
  return [
    typeAttribute(backend, 'T', 'TF_FLOAT'),
    typeAttribute(backend, 'U', 'TF_FLOAT'),
    floatAttribute(backend, 'epsilon', epsilon),
    stringAttribute(backend, 'data_format', 'NHWC'),
    booleanAttribute(backend, 'is_training', true),
  ]
}

const batchAxes = [0, 1, 2]

for (const backendName of ['cpu', 'wasm']) {
  tf.registerKernel({
    kernelName: forwardKernel,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { x, scale, offset } = inputs as Record<string, tf.Tensor>
      return tf.tidy(() => {
        const count = x!.size / scale!.size
        const mean = tf.mean(x!, batchAxes)
        const variance = tf.mean(tf.square(tf.sub(x!, mean)), batchAxes)
        const factor = tf.mul(scale!, tf.rsqrt(tf.add(variance, attrs!.epsilon as number)))
        const y = tf.add(tf.mul(tf.sub(x!, mean), factor), offset!)
        const unbiased = tf.mul(variance, count / Math.max(1, count - 1))
        return [y, mean, unbiased, tf.clone(mean), variance, tf.tensor1d([])]
      })
    },
  })

  tf.registerKernel({
    kernelName: gradientKernel,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { dy, x, scale, savedMean, savedVariance } = inputs as Record<string, tf.Tensor>
      return tf.tidy(() => {
        const inverseDeviation = tf.rsqrt(tf.add(savedVariance!, attrs!.epsilon as number))
        const normalised = tf.mul(tf.sub(x!, savedMean!), inverseDeviation)
        const dScale = tf.sum(tf.mul(dy!, normalised), batchAxes)
        const dOffset = tf.sum(dy!, batchAxes)
        const count = x!.size / scale!.size
        const centred = tf.sub(tf.sub(dy!, tf.div(dOffset, count)), tf.mul(normalised, tf.div(dScale, count)))
        return [tf.mul(centred, tf.mul(scale!, inverseDeviation)), dScale, dOffset]
      })
    },
  })
}
