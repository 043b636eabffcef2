import type { RandomKey } from '../random-key.js'
import { tf } from '../tensorflow.js'
import { inBfloat16 } from './bfloat16.js'
import { GraphSession } from './graph-session.js'
import { record } from './recording.js'

/** Tensors by name, as a graph function takes and gives them. */
export type NamedTensors = Readonly<Record<string, tf.Tensor>>

/** How a graph function runs. */
export interface GraphFunctionOptions {
  /** Run every call operation by operation, for debugging. */
  readonly eager?: boolean
  /** Receives the reason when calls with inputs of some shapes cannot run as a graph and go on operation by operation. */
  readonly onEager?: (reason: string) => void
  /** For how many combinations of input shapes graphs are kept; 8 if not given. The one used longest ago goes first. */
  readonly kept?: number
  /** How products are computed in graphs: `f32` as in eager calls, which it is if not given, or `bf16`. */
  readonly precision?: Precision
}

/**
 * `f32`: everything in float32. `bf16`: convolutions, matrix products and what lies between them in bfloat16; weights,
 * statistics, losses and updates in float32.
 */
export type Precision = 'f32' | 'bf16'

/** A function of tensors that runs as one TensorFlow graph. */
export interface GraphFunction<Inputs extends NamedTensors, Outputs extends NamedTensors> {
  /**
   * @param key the source of the random numbers of this call; what is drawn depends on it as in an eager call
   * @returns tensors of the caller
   */
  (inputs: Inputs, key?: RandomKey): Outputs
  /** Frees the graphs; calls that follow are traced anew. */
  dispose(): void
}

/**
 * Makes a function run as one TensorFlow graph: the first call with inputs of some shapes runs operation by operation and
 * is recorded, later ones run the recording, optimised by TensorFlow as a whole. What `tf.function` is for Python.
 *
 * The function may read and assign any `tf.Variable`; their values pass through the graph. It must be a pure function of
 * tensors, variables and the key: it may not read values back to JavaScript, and other things that it does in JavaScript
 * happen in the first call only. Where it cannot be recorded, it goes on running operation by operation, and `onEager`
 * is told why. On an engine that is not native it always does.
 *
 * @param compute receives its inputs, disposes nothing but what it makes, and returns at least one tensor
 */
export function graphFunction<Inputs extends NamedTensors, Outputs extends NamedTensors>(
  compute: (inputs: Inputs, key: RandomKey | undefined) => Outputs,
  { eager = false, onEager = () => {}, kept = 8, precision = 'f32' }: GraphFunctionOptions = {},
): GraphFunction<Inputs, Outputs> {
  const sessions = new Map<string, GraphSession | 'eager'>()
  const runEagerly = (inputs: Inputs, key: RandomKey | undefined) => tf.tidy(() => compute(inputs, key))

  /** Runs a call operation by operation, and leaves a graph for the next ones. */
  const trace = (signature: string, inputs: Inputs, key: RandomKey | undefined): Outputs => {
    const { outputs, recording, reason } = record(compute, inputs, key)
    const [oldest] = sessions.keys()
    if (sessions.size >= kept && oldest !== undefined) forget(oldest)
    if (!recording) goOnEagerly(signature, reason)
    else {
      try {
        const ofPrecision = precision === 'bf16' ? inBfloat16(recording) : recording
        sessions.set(signature, new GraphSession(ofPrecision))
      } catch (error) {
        goOnEagerly(signature, messageOf(error))
      }
    }
    return outputs
  }

  const goOnEagerly = (signature: string, reason: string): void => {
    sessions.set(signature, 'eager')
    onEager(reason)
  }

  const forget = (signature: string): void => {
    const session = sessions.get(signature)
    if (session instanceof GraphSession) session.dispose()
    sessions.delete(signature)
  }

  const call = (inputs: Inputs, key?: RandomKey): Outputs => {
    if (eager || tf.getBackend() !== 'tensorflow') return runEagerly(inputs, key)
    const signature = signatureOf(inputs, key)
    const session = sessions.get(signature)
    if (session === undefined) return trace(signature, inputs, key)
    sessions.delete(signature)
    sessions.set(signature, session) // Now it is the one used last.
    if (session === 'eager') return runEagerly(inputs, key)
    try {
      return session.run(inputs, key) as Outputs
    } catch (error) {
      forget(signature)
      goOnEagerly(signature, messageOf(error))
      return runEagerly(inputs, key)
    }
  }

  return Object.assign(call, { dispose: () => [...sessions.keys()].forEach(forget) })
}

function messageOf(error: unknown): string {
  return String((error as Error).message).split('\n')[0]!
}

function signatureOf(inputs: NamedTensors, key: RandomKey | undefined): string {
  const shapes = Object.entries(inputs).map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape}]`)
  return [...shapes, key ? 'with a key' : 'without a key'].join('; ')
}
