import '@tensorflow/tfjs-backend-cpu'
import '#tensorflow-registrations'

/** The methods of tensors, as TensorFlow.js declares them. */
export type * from '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js'

/**
 * The one TensorFlow.js instance that all packages share: its core, with gradients, methods of tensors, and a
 * back end for what is computed before `loadEngine` has been called. The package `@tensorflow/tfjs` would
 * bring these together, and 140 MB and an install script beside.
 *
 * Import `tf` from here and never from `@tensorflow/*`: two copies of TensorFlow.js in one process have two
 * tensor registries, and a tensor of one is unknown to the other.
 */
export * as tf from '@tensorflow/tfjs-core'
