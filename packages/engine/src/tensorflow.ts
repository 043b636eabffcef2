/**
 * The one TensorFlow.js instance that all packages share.
 *
 * Import `tf` from here and never from `@tensorflow/*`: two copies of TensorFlow.js in one process have two
 * tensor registries, and a tensor of one is unknown to the other.
 */
export * as tf from '@tensorflow/tfjs'
