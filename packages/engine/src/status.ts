import { loadEngine } from './load.js'

/** What computes, and why it is that. */
export interface EngineStatus {
  /** `tensorflow` is native; `wasm` and `cpu` are TensorFlow.js's own back ends. */
  readonly backend: 'tensorflow' | 'wasm' | 'cpu'
  /** Version of libtensorflow; `null` without the native engine. */
  readonly tensorflowVersion: string | null
  /** `cpu`, or `gpu` where TensorFlow computes on a GPU. */
  readonly device: 'cpu' | 'gpu'
  /** Threads within one operation. */
  readonly threads: number
  /** Path of libtensorflow, or of the binding where only that is known; `null` without the native engine. */
  readonly libraryPath: string | null
  readonly source: 'python package' | 'wheel' | 'node_modules' | 'tensorflow.js'
  /** Why this engine is used, in one sentence. */
  readonly why: string
}

/**
 * Tells which engine this process computes with; loads it first, without a warning, if that has not been
 * done.
 *
 * @throws {InputError} as {@link loadEngine}.
 */
export async function engineStatus(): Promise<EngineStatus> {
  return loadEngine({ warn: () => {} })
}
