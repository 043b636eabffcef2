import { emitWarning, environment } from '#host'
import type { NativeBackend } from '../native-backend.js'
import { profiledCall } from './replay/profiled-call.js'
import { recordingSpan, span } from '../profile/span.js'
import { enginePrecision, type Precision } from '../precision.js'
import type { RandomKey } from '../random-key.js'
import { tf } from '../tensorflow.js'
import { recordForAnyBatch } from './any-batch.js'
import { inBfloat16 } from './bfloat16.js'
import { GraphFault, sessionOpener, type GraphSession } from './graph-session.js'
import type { NamedTensors } from './named-tensors.js'
import { NotRecordable } from './not-recordable.js'
import { record, type Recording } from './recording.js'

/** How a graph function runs. */
export interface GraphFunctionOptions {
  /** What profiles call it; `graph` if not given. */
  readonly name?: string
  /** Run every call operation by operation, for debugging. */
  readonly eager?: boolean
  /**
   * Receives the reason when calls with inputs of some shapes cannot run as a graph and go on operation by operation, which is
   * slower; a warning of the process if not given, so that it is never silent.
   */
  readonly onEager?: ((reason: string) => void) | undefined
  /** For how many combinations of input shapes graphs are kept; 8 if not given. The one used longest ago goes first. */
  readonly kept?: number
  /** How graphs compute; `enginePrecision()` if not given. */
  readonly precision?: Precision
  /**
   * Makes the values that variables have at the first call part of the graph, so that TensorFlow prepares them once: for
   * weights that change no more. Assigning a variable is then refused, as whatever else cannot be recorded.
   */
  readonly frozen?: boolean
  /**
   * Says that the first axis of every input counts the same items and that what is made of an item depends on it alone. One
   * graph then serves every number of items, where no more depends on the number than shapes.
   */
  readonly anyBatch?: boolean
}

/** A function of tensors that runs as one TensorFlow graph. */
export interface GraphFunction<Inputs extends NamedTensors, Outputs extends NamedTensors, Fixed> {
  /**
   * @param key the source of the random numbers of this call; what is drawn depends on it as in an eager call
   * @param fixed what the function may depend on beside tensors; each value has a graph of its own
   * @returns tensors of the caller
   */
  (inputs: Inputs, key?: RandomKey, fixed?: Fixed): Outputs
  /** Frees the graphs; calls that follow are recorded anew. */
  dispose(): void
}

/** What a graph function computes, operation by operation. */
export type Computation<Inputs extends NamedTensors, Outputs extends NamedTensors, Fixed> = (
  inputs: Inputs,
  key: RandomKey | undefined,
  fixed: Fixed,
) => Outputs

/**
 * Makes a function run as one TensorFlow graph: the first call with inputs of some shapes is recorded while it runs
 * operation by operation; then it and later ones run as the recording, optimised by TensorFlow as a whole. What
 * `tf.function` is for Python.
 *
 * The function may read and assign any `tf.Variable`; their values pass through the graph. It must be a pure function of
 * tensors, variables, the key and `fixed`, a JSON value: it may not read values back to JavaScript, and other things that
 * it does in JavaScript happen while it is recorded only. Where it cannot be recorded, it goes on running operation by
 * operation, and `onEager` is told why. So it does on a GPU, on an engine that is not native, and everywhere where the
 * environment variable `M2L_EAGER` is 1.
 *
 * @param compute receives its inputs, disposes nothing but what it makes, and returns at least one tensor
 */
export function graphFunction<Inputs extends NamedTensors, Outputs extends NamedTensors, Fixed = undefined>(
  compute: Computation<Inputs, Outputs, Fixed>,
  {
    name = 'graph',
    eager = false,
    onEager = (reason) => warnOfSlowness(name, reason),
    kept = 8,
    precision: ofFunction,
    frozen = false,
    anyBatch = false,
  }: GraphFunctionOptions = {},
): GraphFunction<Inputs, Outputs, Fixed> {
  const sessions = new Map<string, GraphSession | 'eager' | 'one for each number'>()

  const call = (inputs: Inputs, key?: RandomKey, fixed?: Fixed): Outputs => {
    const run = (some: Inputs, calledWith: RandomKey | undefined) =>
      tf.tidy(() => cloned(compute(some, calledWith, fixed as Fixed)))
    const runEagerly = () => span(`${name} (operation by operation)`, () => run(inputs, key))
    if (eager || !hasGraphs() || environment.M2L_EAGER === '1') return runEagerly()
    const precision = ofFunction ?? enginePrecision()
    const recorded = (some: Inputs) => record((calledWith) => run(some, calledWith), some, key, frozen)
    const make = (signature: string, recording: () => Recording | undefined): void => {
      if (!sessions.has(signature)) {
        recordingSpan(`${name}: record`, () => keep(signature, recording(), precision))
      }
    }
    let signature = ''
    try {
      signature = `${precision}: ${signatureOf(inputs, key, fixed, anyBatch)}`
      make(signature, () => (anyBatch ? recordForAnyBatch(inputs, recorded) : recorded(inputs)))
      if (sessions.get(signature) === 'one for each number') {
        signature = `${precision}: ${signatureOf(inputs, key, fixed)}`
        make(signature, () => recorded(inputs))
      }
      if (sessions.get(signature) === 'eager') return runEagerly()
      return profiledCall(name, latest(signature), inputs, key) as Outputs
    } catch (error) {
      if (!(error instanceof NotRecordable || error instanceof GraphFault)) throw error
      forget(signature)
      sessions.set(signature, 'eager')
      onEager(error.message)
      return runEagerly()
    }
  }

  const keep = (signature: string, recording: Recording | undefined, precision: Precision): void => {
    const [oldest] = sessions.keys()
    if (sessions.size >= kept && oldest !== undefined) forget(oldest)
    const session = recording && sessionOpener()!(precision === 'bf16' ? inBfloat16(recording) : recording)
    sessions.set(signature, session ?? 'one for each number')
  }

  /** The session of a signature, which from now on is the one used last. */
  const latest = (signature: string): GraphSession => {
    const session = sessions.get(signature) as GraphSession
    sessions.delete(signature)
    sessions.set(signature, session)
    return session
  }

  const forget = (signature: string): void => {
    const session = sessions.get(signature)
    if (typeof session === 'object') session.dispose()
    sessions.delete(signature)
  }

  return Object.assign(call, { dispose: () => [...sessions.keys()].forEach(forget) })
}

function warnOfSlowness(name: string, reason: string): void {
  emitWarning(`${name} runs operation by operation, which is slower: ${reason}`)
}

/** On a GPU the variables would pass through the host's memory in every call, which costs more than a graph saves. */
function hasGraphs(): boolean {
  return (
    sessionOpener() !== undefined &&
    tf.getBackend() === 'tensorflow' &&
    !(tf.backend() as unknown as NativeBackend).isUsingGpuDevice
  )
}

/** The same values as tensors of their own: what a function returns may be its input. */
function cloned<Tensors extends NamedTensors>(tensors: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, tf.clone(tensor)]),
  ) as Tensors
}

function signatureOf(
  inputs: NamedTensors,
  key: RandomKey | undefined,
  fixed: unknown,
  anyBatch = false,
): string {
  const shapes = Object.entries(inputs).map(
    ([name, { dtype, shape }]) =>
      `${name} ${dtype} [${anyBatch ? ['any number', ...shape.slice(1)] : shape}]`,
  )
  return [...shapes, key ? 'with a key' : 'without a key', JSON.stringify(fixed)].join('; ')
}
