import { createRequire } from 'node:module'

/** Loads the native TensorFlow backend. */
export async function loadEngine(): Promise<void> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1'
  createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu')
}
