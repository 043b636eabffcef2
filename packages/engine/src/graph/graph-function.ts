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
import { flattenTree, type FlatTree, type TensorTree } from './tensor-tree.js'

/** How a graph function runs. */
export interface GraphFunctionOptions {
  /** What profiles call it; `graph` if not given. */
  readonly name?: string
  /** Run every call operation by operation, for debugging. */
  readonly eager?: boolean
  /**
   * Receives the reason when calls with inputs of some shapes cannot run as a graph and go on operation by
   * operation, which is slower; a warning of the process if not given, so that it is never silent.
   */
  readonly onEager?: ((reason: string) => void) | undefined
  /**
   * For how many combinations of input shapes graphs are kept; 8 if not given. The one used longest ago goes
   * first.
   */
  readonly kept?: number
  /** How graphs compute; `enginePrecision()` if not given. */
  readonly precision?: Precision
  /**
   * Makes the values that variables have at the first call part of the graph, so that TensorFlow prepares
   * them once: for weights that change no more. Assigning a variable is then refused, as whatever else cannot
   * be recorded.
   */
  readonly frozen?: boolean
  /**
   * Says that the first axis of every input counts the same items and that what is made of an item depends on
   * it alone. One graph then serves every number of items, where no more depends on the number than shapes.
   */
  readonly anyBatch?: boolean
}

/** A function of tensors that runs as one TensorFlow graph. */
export interface GraphFunction<Inputs extends TensorTree, Outputs extends TensorTree> {
  /**
   * @param inputs tensors, and plain values that the function may depend on: each combination of those has a
   *   graph of its own
   * @param key the source of the random numbers of this call; what is drawn depends on it as in an eager call
   * @returns the tree that the function returns, its tensors being the caller's
   */
  (inputs: Inputs, key?: RandomKey): Outputs
  /** Frees the graphs; calls that follow are recorded anew. */
  dispose(): void
}

/** What a graph function computes, operation by operation. */
export type Computation<Inputs extends TensorTree, Outputs extends TensorTree> = (
  inputs: Inputs,
  key: RandomKey | undefined,
) => Outputs

/**
 * Makes a function run as one TensorFlow graph: the first call with inputs of some shapes is recorded while
 * it runs operation by operation; then it and later ones run as the recording, optimised by TensorFlow as a
 * whole. What `tf.function` is for Python.
 *
 * The function may read and assign any `tf.Variable`; their values pass through the graph. It must be a pure
 * function of its inputs, variables and the key: it may not read values back to JavaScript, and other things
 * that it does in JavaScript happen while it is recorded only. Where it cannot be recorded, it goes on
 * running operation by operation, and `onEager` is told why. So it does on a GPU, on an engine that is not
 * native, and everywhere where the environment variable `M2L_EAGER` is 1.
 *
 * @param compute receives its inputs, disposes nothing but what it makes, and returns at least one tensor
 */
export function graphFunction<Inputs extends TensorTree, Outputs extends TensorTree>(
  compute: Computation<Inputs, Outputs>,
  {
    name = 'graph',
    eager = false,
    onEager = (reason) => warnOfSlowness(name, reason),
    kept = 8,
    precision: ofFunction,
    frozen = false,
    anyBatch = false,
  }: GraphFunctionOptions = {},
): GraphFunction<Inputs, Outputs> {
  const sessions = new Map<string, Kept<Outputs> | 'eager' | 'one for each number'>()

  const call = (inputs: Inputs, key?: RandomKey): Outputs => {
    const { tensors, layout, rebuild } = flattenTree(inputs)
    /** The function's results as tensors of their own: what it returns may be its input. */
    const run = (some: NamedTensors, calledWith: RandomKey | undefined): FlatTree<Outputs> => {
      let results: FlatTree<Outputs>
      const own = tf.tidy(() => {
        results = flattenTree(compute(rebuild(some), calledWith))
        return cloned(results.tensors)
      })
      return { ...results!, tensors: own }
    }
    const runEagerly = () =>
      span(`${name} (operation by operation)`, () => {
        const results = run(tensors, key)
        return results.rebuild(results.tensors)
      })
    if (eager || !hasGraphs() || environment.M2L_EAGER === '1') return runEagerly()
    const precision = ofFunction ?? enginePrecision()
    let results: FlatTree<Outputs>
    const recorded = (some: NamedTensors) => {
      const running = (calledWith: RandomKey | undefined) => (results = run(some, calledWith)).tensors
      return record(running, some, key, frozen)
    }
    const make = (signature: string, recording: () => Recording | undefined): void => {
      if (sessions.has(signature)) return
      recordingSpan(`${name}: record`, () => {
        const made = recording()
        keep(signature, made && { session: opened(made, precision), rebuild: results.rebuild })
      })
    }
    const signatureOf = (isAnyBatch: boolean) =>
      [precision, shapesOf(tensors, isAnyBatch), layout, key ? 'with a key' : 'without a key'].join('; ')
    let signature = ''
    try {
      signature = signatureOf(anyBatch)
      make(signature, () => (anyBatch ? recordForAnyBatch(tensors, recorded) : recorded(tensors)))
      if (sessions.get(signature) === 'one for each number') {
        signature = signatureOf(false)
        make(signature, () => recorded(tensors))
      }
      if (sessions.get(signature) === 'eager') return runEagerly()
      const graph = latest(signature)
      return graph.rebuild(profiledCall(name, graph.session, tensors, key))
    } catch (error) {
      if (!(error instanceof NotRecordable || error instanceof GraphFault)) throw error
      forget(signature)
      sessions.set(signature, 'eager')
      onEager(error.message)
      return runEagerly()
    }
  }

  const keep = (signature: string, graph: Kept<Outputs> | undefined): void => {
    const [oldest] = sessions.keys()
    if (sessions.size >= kept && oldest !== undefined) forget(oldest)
    sessions.set(signature, graph ?? 'one for each number')
  }

  /** The graph of a signature, which from now on is the one used last. */
  const latest = (signature: string): Kept<Outputs> => {
    const graph = sessions.get(signature) as Kept<Outputs>
    sessions.delete(signature)
    sessions.set(signature, graph)
    return graph
  }

  const forget = (signature: string): void => {
    const graph = sessions.get(signature)
    if (typeof graph === 'object') graph.session.dispose()
    sessions.delete(signature)
  }

  return Object.assign(call, { dispose: () => [...sessions.keys()].forEach(forget) })
}

/** A graph, and how the tree of its outputs is put together. */
interface Kept<Outputs extends TensorTree> extends Pick<FlatTree<Outputs>, 'rebuild'> {
  readonly session: GraphSession
}

function opened(recording: Recording, precision: Precision): GraphSession {
  return sessionOpener()!(precision === 'bf16' ? inBfloat16(recording) : recording)
}

function warnOfSlowness(name: string, reason: string): void {
  emitWarning(`${name} runs operation by operation, which is slower: ${reason}`)
}

/**
 * On a GPU the variables would pass through the host's memory in every call, which costs more than a graph
 * saves.
 */
function hasGraphs(): boolean {
  return (
    sessionOpener() !== undefined &&
    tf.getBackend() === 'tensorflow' &&
    !(tf.backend() as unknown as NativeBackend).isUsingGpuDevice
  )
}

function cloned(tensors: NamedTensors): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.clone(tensor)]))
}

function shapesOf(tensors: NamedTensors, isAnyBatch: boolean): string {
  const shapes = Object.entries(tensors).map(
    ([name, { dtype, shape }]) =>
      `${name} ${dtype} [${isAnyBatch ? ['any number', ...shape.slice(1)] : shape}]`,
  )
  return shapes.join('; ')
}
