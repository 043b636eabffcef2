import type { Attribute, NativeBackend, NativeTensor } from '../kernels/native-backend.js'
import type { RandomKey } from '../random-key.js'
import { tf } from '../tensorflow.js'
import type { NamedTensors } from './graph-function.js'
import { TracedKey, type KeyPath } from './traced-key.js'

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

/** What came of recording a call: its outputs in any case, and the recording or the reason why there is none. */
export type Recorded<Outputs> = {
  readonly outputs: Outputs
  /** Gives the variables the values that they had before the call. */
  readonly undo: () => void
  /** Frees the values that `undo` needs. */
  readonly release: () => void
} & (
  | { readonly recording: Recording; readonly reason?: never }
  | { readonly recording?: never; readonly reason: string }
)

/**
 * Runs a function operation by operation and records them.
 *
 * @param run makes the call with a key that it is given
 */
export function record<Outputs extends NamedTensors>(
  run: (key: RandomKey | undefined) => Outputs,
  inputs: NamedTensors,
  key: RandomKey | undefined,
): Recorded<Outputs> {
  const recorder = new Recorder(tf.backend() as unknown as RecordedBackend)
  const variables = Object.values(tf.engine().registeredVariables)
  const inputNodes = mapValues(inputs, (tensor) => recorder.addInput(tensor))
  const known = variables.map((variable) => ({
    variable,
    node: recorder.addInput(variable),
    before: tf.tidy(() => tf.keep(tf.clone(variable))),
  }))
  const release = () => tf.dispose(known.map(({ before }) => before))
  const stopListening = recorder.listen()
  let outputs: Outputs
  try {
    outputs = run(key && recorder.trace(key))
  } catch (error) {
    release()
    throw error
  } finally {
    stopListening()
  }
  const changed = known.filter(({ variable, before }) => variable.dataId !== before.dataId)
  const outputSources = mapValues(outputs, (tensor) => recorder.sourceOf(tensor))
  const assigned = changed.map(({ variable }) => ({ variable, source: recorder.sourceOf(variable) }))
  if (Object.keys(tf.engine().registeredVariables).length > known.length)
    recorder.giveUp('it makes variables')
  const undo = () => changed.forEach(({ variable, before }) => variable.assign(before))
  const { nodes, seeds, reason } = recorder
  const used = usedNodes(nodes, [...Object.values(outputSources), ...assigned.map(({ source }) => source)])
  const read = known.filter(({ node }) => used.has(node)).map(({ variable, node }) => ({ variable, node }))
  return {
    outputs,
    undo,
    release,
    ...(reason === undefined
      ? { recording: { nodes, inputs: inputNodes, read, seeds, outputs: outputSources, assigned } }
      : { reason }),
  }
}

/** The nodes that something reads. */
function usedNodes(nodes: readonly RecordedNode[], results: readonly Source[]): ReadonlySet<number> {
  const sources = nodes.flatMap((node) => (node.kind === 'operation' ? node.inputs : []))
  return new Set([...sources, ...results].map(({ node }) => node))
}

/** What of tfjs-node's backend and binding is listened to. */
interface RecordedBackend extends NativeBackend {
  binding: NativeBackend['binding'] & {
    createTensor(shape: number[], dtype: number, values: ArrayBufferView | readonly number[]): number
    tensorDataSync(id: number): ArrayBufferView
  }
  readonly tensorMap: { get(dataId: object): { readonly shape: number[]; readonly dtype: number } }
}

class Recorder {
  readonly nodes: RecordedNode[] = []
  readonly seeds: { node: number; path: KeyPath }[] = []
  /** Why the call cannot be recorded, once something has shown that. */
  reason: string | undefined
  readonly #backend: RecordedBackend
  readonly #binding: RecordedBackend['binding']
  readonly #sources = new Map<number, Source>()
  readonly #claims = new WeakMap<object, KeyPath>()

  constructor(backend: RecordedBackend) {
    this.#backend = backend
    this.#binding = backend.binding
  }

  giveUp(reason: string): void {
    this.reason ??= reason
  }

  /** @returns the node of a tensor that every call brings along */
  addInput(tensor: tf.Tensor): number {
    const [id] = this.#backend.getInputTensorIds([tensor]) as [number]
    const { dtype, shape } = this.#backend.tensorMap.get(tensor.dataId)
    return this.#add(id, { kind: 'input', dtype, shape })
  }

  /** A key like the one given that tells the recorder what is drawn from it. */
  trace(key: RandomKey): TracedKey {
    return new TracedKey(
      key.seed,
      (seed, path) => this.#claims.set(seed.dataId, path),
      () => this.giveUp('it draws random numbers in JavaScript'),
    )
  }

  sourceOf(tensor: tf.Tensor): Source {
    const [id] = this.#backend.getInputTensorIds([tensor]) as [number]
    return this.#sources.get(id) ?? this.#capture(id, tensor)
  }

  /** Records everything that the backend does, until the function returned is called. */
  listen(): () => void {
    const backend = this.#backend
    const { binding, getInputTensorIds } = backend
    const overrides: Partial<typeof binding> = {
      executeOp: (
        operation: string,
        attributes: Attribute[],
        inputs: number[],
        count: number,
      ): NativeTensor[] => {
        const outputs = binding.executeOp(operation, attributes, inputs, count)
        this.#operation(operation, attributes, inputs, outputs)
        return outputs
      },
      createTensor: (shape: number[], dtype: number, values: ArrayBufferView | readonly number[]): number => {
        const id = binding.createTensor(shape, dtype, values)
        this.#constant(id, shape, dtype, values)
        return id
      },
      tensorDataSync: (id: number): ArrayBufferView => {
        if (!isConstant(this.nodes[this.#sources.get(id)?.node ?? -1])) {
          this.giveUp('it reads values of tensors back to JavaScript')
        }
        return binding.tensorDataSync(id)
      },
    }
    // The binding's own properties are read-only, so that they can be shadowed but not assigned.
    backend.binding = Object.create(binding, Object.getOwnPropertyDescriptors(overrides)) as typeof binding
    backend.getInputTensorIds = (tensors) => {
      const ids = getInputTensorIds.call(backend, tensors)
      for (const [index, id] of ids.entries()) this.#noteInput(id, tensors[index]!)
      return ids
    }
    return () => {
      backend.binding = binding
      backend.getInputTensorIds = getInputTensorIds
    }
  }

  #add(id: number, node: Exclude<RecordedNode, { kind: 'operation' }>): number {
    this.nodes.push(node)
    const dtype = node.kind === 'seed' ? this.#backend.binding.TF_INT32 : node.dtype
    this.#sources.set(id, { node: this.nodes.length - 1, output: 0, dtype })
    return this.nodes.length - 1
  }

  #noteInput(id: number, tensor: tf.TensorInfo): void {
    const path = this.#claims.get(tensor.dataId)
    if (path) {
      this.#claims.delete(tensor.dataId)
      this.seeds.push({ node: this.#add(id, { kind: 'seed' }), path })
    } else if (!this.#sources.has(id)) this.#capture(id, tensor)
  }

  /** A tensor that the function did not make and was not given: its value is part of the recording. */
  #capture(id: number, tensor: tf.TensorInfo): Source {
    const { dtype, shape } = this.#backend.tensorMap.get(tensor.dataId)
    this.#constant(id, shape, dtype, this.#binding.tensorDataSync(id))
    return this.#sources.get(id)!
  }

  #constant(
    id: number,
    shape: readonly number[],
    dtype: number,
    values: ArrayBufferView | readonly number[],
  ): void {
    if (!ArrayBuffer.isView(values)) this.giveUp('it makes a tensor of texts')
    const bytes = ArrayBuffer.isView(values)
      ? Uint8Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
      : new Uint8Array()
    this.#add(id, { kind: 'constant', dtype, shape, values: bytes })
  }

  #operation(
    operation: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: readonly NativeTensor[],
  ): void {
    const sources = inputs.map((id) => this.#sources.get(id))
    if (sources.some((source) => source === undefined))
      this.giveUp(`${operation} takes a tensor of unknown origin`)
    const types = typesLeftOut[operation]?.map(({ name, input }) => ({
      name,
      type: this.#binding.TF_ATTR_TYPE,
      value: sources[input]?.dtype,
    }))
    this.nodes.push({
      kind: 'operation',
      operation,
      attributes: [...attributes, ...(types ?? [])],
      inputs: sources as Source[],
    })
    const node = this.nodes.length - 1
    for (const [output, { id, dtype }] of outputs.entries()) this.#sources.set(id, { node, output, dtype })
  }
}

/** Types that tfjs-node leaves to TensorFlow, which graphs have to name: each is that of an input. */
const typesLeftOut: Readonly<Record<string, readonly { name: string; input: number }[]>> = {
  ExpandDims: [
    { name: 'T', input: 0 },
    { name: 'Tdim', input: 1 },
  ],
}

function isConstant(node: RecordedNode | undefined): boolean {
  return node?.kind === 'constant'
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]))
}
