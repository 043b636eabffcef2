import type { OpenSession } from './graph/graph-session.js'
import type { EngineStatus } from './status.js'

/** What a native engine is asked for; see `LoadOptions`. */
export interface NativeOptions {
  readonly device?: 'cpu' | 'gpu' | number | undefined
  readonly threads?: number | undefined
}

/** A native engine that computes. */
export interface StartedEngine {
  readonly status: EngineStatus
  /** Opens graphs of graph functions. */
  readonly openSession: OpenSession
  /**
   * Why bfloat16 is slower than float32 here, as the rest of a sentence about this processor; undefined where
   * it is not.
   */
  readonly drawbackOfBfloat16?: string | undefined
}

/** Why a native engine cannot start. */
export interface MissingEngine {
  /** For the middle of a sentence: `/home/me/.cache/m2l/engine holds no engine`. */
  readonly why: string
  /** What to do, for the end of a sentence. */
  readonly remedy: string
}

/** A native engine, as a package that brings one registers it. */
export interface NativeRuntime {
  /**
   * Makes TensorFlow's back end the active one of TensorFlow.js, or says why it cannot.
   *
   * @throws {InputError} when it is there, but an option cannot be met
   */
  start(options: NativeOptions): Promise<StartedEngine | MissingEngine>
}

let registered: NativeRuntime | undefined

/**
 * Makes `loadEngine` use a native engine, as TensorFlow.js's back ends register themselves when they are
 * imported.
 */
export function registerNativeRuntime(runtime: NativeRuntime): void {
  registered = runtime
}

/** The native engine that has been registered. */
export function nativeRuntime(): NativeRuntime | undefined {
  return registered
}
