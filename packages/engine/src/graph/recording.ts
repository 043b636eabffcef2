import type { Attribute } from '../native-backend.js'
import type { RandomKey } from '../random-key.js'
import { tf } from '../tensorflow.js'
import type { NamedTensors } from './named-tensors.js'
import { NotRecordable } from './not-recordable.js'
import { Recorder } from './recorder.js'
import type { KeyPath } from '../traced-key.js'

/** An output of a node of the recording. */
export interface Source {
  readonly node: number
  readonly output: number
  /** TensorFlow's number of its type. */
  readonly dtype: number
}

/** What a recording is made of, in the order in which it was made. */
export type RecordedNode =
  | { readonly kind: 'input'; readonly dtype: number; readonly shape: readonly number[] }
  | { readonly kind: 'seed' }
  | {
      readonly kind: 'constant'
      readonly dtype: number
      readonly shape: readonly number[]
      readonly values: Uint8Array
    }
  | {
      readonly kind: 'operation'
      readonly operation: string
      readonly attributes: readonly Attribute[]
      readonly inputs: readonly Source[]
      /** The number of its outputs. */
      readonly outputs: number
      /** The spans in which a profile saw it called, the outermost first. */
      readonly scopes?: readonly string[]
    }

/** The operations of one call of a function, so that they can be run again on other values. */
export interface Recording {
  readonly nodes: readonly RecordedNode[]
  /** The nodes of the function's inputs, by name. */
  readonly inputs: Readonly<Record<string, number>>
  /** The variables whose values the function reads, with their nodes. */
  readonly read: readonly { readonly variable: tf.Variable; readonly node: number }[]
  /** For each node of kind `seed`, in order: how its seed follows from the key of the call. */
  readonly seeds: readonly { readonly node: number; readonly path: KeyPath }[]
  readonly outputs: Readonly<Record<string, Source>>
  readonly assigned: readonly { readonly variable: tf.Variable; readonly source: Source }[]
}

/**
 * Records what a call of a function does, without computing: every operation gives its outputs' shapes alone.
 * Variables then have the values that they had before.
 *
 * @param run makes the call with a key that it is given
 * @param frozen whether the values of variables are part of the recording
 * @throws {NotRecordable} when the call depends on more than a graph can
 */
export function record(
  run: (key: RandomKey | undefined) => NamedTensors,
  inputs: NamedTensors,
  key: RandomKey | undefined,
  frozen = false,
): Recording {
  const recorder = new Recorder()
  const inputNodes = mapValues(inputs, (tensor) => recorder.addInput(tensor))
  const known = Object.values(tf.engine().registeredVariables).map((variable) => ({
    variable,
    ...(!frozen && { node: recorder.addInput(variable) }),
    before: tf.tidy(() => tf.keep(tf.clone(variable))),
  }))
  const stopListening = recorder.listen()
  try {
    const results = run(key && recorder.trace(key))
    const outputs = mapValues(results, (tensor) => recorder.sourceOf(tensor))
    tf.dispose(results)
    if (Object.keys(tf.engine().registeredVariables).length > known.length) {
      throw new NotRecordable('it makes variables')
    }
    const changed = known.filter(({ variable, before }) => variable.dataId !== before.dataId)
    if (frozen && changed.length > 0) throw new NotRecordable('it is frozen, but assigns a variable')
    const assigned = changed.map(({ variable }) => ({ variable, source: recorder.sourceOf(variable) }))
    const { nodes, seeds } = recorder
    const used = usedNodes(nodes, [...Object.values(outputs), ...assigned.map(({ source }) => source)])
    const read = known.flatMap(({ variable, node }) =>
      node !== undefined && used.has(node) ? [{ variable, node }] : [],
    )
    return { nodes, inputs: inputNodes, read, seeds, outputs, assigned }
  } finally {
    stopListening()
    for (const { variable, before } of known) {
      if (variable.dataId !== before.dataId) variable.assign(before)
      before.dispose()
    }
    const kept = new Set(known.map(({ variable }) => variable))
    const made = Object.values(tf.engine().registeredVariables).filter((variable) => !kept.has(variable))
    tf.dispose(made)
  }
}

/** The nodes that something reads. */
function usedNodes(nodes: readonly RecordedNode[], results: readonly Source[]): ReadonlySet<number> {
  const sources = nodes.flatMap((node) => (node.kind === 'operation' ? node.inputs : []))
  return new Set([...sources, ...results].map(({ node }) => node))
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]))
}
