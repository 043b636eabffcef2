import type { NamedTensors } from '../named-tensors.js'
import type { RecordedNode, Recording, Source } from '../recording.js'
import { seedAt } from '../../traced-key.js'
import type { NativeBackend, NativeTensor } from '../../native-backend.js'
import type { RandomKey } from '../../random-key.js'
import { tf } from '../../tensorflow.js'
import { bytesOf, flopsOf } from './operation-cost.js'
import { layersOf } from './operation-layers.js'
import type { ProfiledOperation } from '../../profile/profiled-run.js'

/**
 * Runs a recording operation by operation with a clock around each. It computes what the graph does, but
 * without what TensorFlow's graph optimiser merges and leaves out; its results are freed, each after its last
 * use, and variables stay as they are.
 */
export class Replay {
  readonly #graph: string
  readonly #recording: Recording
  readonly #backend = tf.backend() as unknown as ReplayBackend
  readonly #layers: readonly (string | undefined)[]
  /** For each node, the nodes that nothing reads after it. */
  readonly #finished: readonly (readonly number[])[]
  readonly #isNeeded: readonly boolean[]

  constructor(graph: string, recording: Recording) {
    this.#graph = graph
    this.#recording = recording
    this.#layers = layersOf(recording)
    const { isNeeded, finished } = livesOf(recording)
    this.#isNeeded = isNeeded
    this.#finished = finished
  }

  /** @throws {Error} when TensorFlow does not run an operation by itself */
  run(inputs: NamedTensors, key: RandomKey | undefined, now: () => number): ProfiledOperation[] {
    const { binding } = this.#backend
    const live = new LiveTensors((id) => binding.deleteTensor(id))
    const operations: ProfiledOperation[] = []
    try {
      this.#feed(live, inputs, key)
      for (const [index, node] of this.#recording.nodes.entries()) {
        if (!this.#isNeeded[index]) continue
        if (node.kind === 'constant') live.own(index, [this.#make(node.shape, node.dtype, node.values)])
        if (node.kind === 'operation') {
          const sources = node.inputs.map((source) => live.at(source))
          const ids = sources.map(({ id }) => id)
          const attributes = [...node.attributes]
          const start = now()
          const results = binding.executeOp(node.operation, attributes, ids, node.outputs)
          const end = now()
          live.own(index, results)
          operations.push(this.#described(index, node, { sources, results, start, end }))
        }
        for (const finished of this.#finished[index]!) live.free(finished)
      }
      return operations
    } finally {
      live.freeAll()
    }
  }

  /** What differs between calls: inputs, variables, and the seeds of random operations. */
  #feed(live: LiveTensors, inputs: NamedTensors, key: RandomKey | undefined): void {
    const { inputs: inputNodes, read, seeds } = this.#recording
    for (const [name, node] of Object.entries(inputNodes)) live.lend(node, this.#borrow(node, inputs[name]!))
    for (const { variable, node } of read) live.lend(node, this.#borrow(node, variable))
    for (const { node, path } of seeds) {
      const seed = Int32Array.from(seedAt(key!, path))
      live.own(node, [this.#make([2], this.#backend.binding.TF_INT32, new Uint8Array(seed.buffer))])
    }
  }

  #described(
    index: number,
    { operation, attributes, scopes = [] }: Operation,
    { sources, results, start, end }: Measured,
  ): ProfiledOperation {
    const layer = this.#layers[index]
    const flops = flopsOf(operation, attributes, sources, results)
    return {
      graph: this.#graph,
      operation,
      node: `n${index}`,
      start,
      end,
      scopes,
      ...(layer !== undefined && { layer }),
      inputs: sources.map(textOf),
      outputs: results.map(textOf),
      ...(flops !== undefined && { flops }),
      bytes: bytesOf([...sources, ...results]),
    }
  }

  #borrow(index: number, tensor: tf.Tensor): NativeTensor {
    const { dtype, shape } = this.#recording.nodes[index] as Extract<RecordedNode, { kind: 'input' }>
    const [id] = this.#backend.getInputTensorIds([tensor]) as [number]
    return { id, dtype, shape: [...shape] }
  }

  #make(shape: readonly number[], dtype: number, bytes: Uint8Array): NativeTensor {
    const { TF_FLOAT, TF_INT32 } = this.#backend.binding
    const { buffer } = Uint8Array.from(bytes)
    const values =
      dtype === TF_FLOAT
        ? new Float32Array(buffer)
        : dtype === TF_INT32
          ? new Int32Array(buffer)
          : new Uint8Array(buffer)
    return { id: this.#backend.binding.createTensor([...shape], dtype, values), dtype, shape: [...shape] }
  }
}

/** The tensors of nodes, as long as something reads them. */
class LiveTensors {
  readonly #delete: (id: number) => void
  readonly #byNode = new Map<number, readonly NativeTensor[]>()
  readonly #lent = new Set<number>()

  constructor(deleteTensor: (id: number) => void) {
    this.#delete = deleteTensor
  }

  at({ node, output }: Source): NativeTensor {
    return this.#byNode.get(node)![output]!
  }

  own(node: number, tensors: readonly NativeTensor[]): void {
    this.#byNode.set(node, tensors)
  }

  /** A tensor that somebody else frees. */
  lend(node: number, tensor: NativeTensor): void {
    this.#byNode.set(node, [tensor])
    this.#lent.add(node)
  }

  free(node: number): void {
    if (!this.#lent.has(node)) for (const { id } of this.#byNode.get(node) ?? []) this.#delete(id)
    this.#byNode.delete(node)
  }

  freeAll(): void {
    for (const node of this.#byNode.keys()) this.free(node)
  }
}

interface ReplayBackend extends NativeBackend {
  readonly binding: NativeBackend['binding'] & {
    createTensor(shape: number[], dtype: number, values: ArrayBufferView): number
  }
}

type Operation = Extract<RecordedNode, { kind: 'operation' }>

interface Measured {
  readonly sources: readonly NativeTensor[]
  readonly results: readonly NativeTensor[]
  readonly start: number
  readonly end: number
}

/** Which nodes the results depend on, and which tensors can go after each. */
function livesOf({ nodes, outputs, assigned }: Recording): {
  readonly isNeeded: readonly boolean[]
  readonly finished: readonly (readonly number[])[]
} {
  const results = [...Object.values(outputs), ...assigned.map(({ source }) => source)]
  const isNeeded = nodes.map(() => false)
  const finished: number[][] = nodes.map(() => [])
  const isResult = new Set(results.map(({ node }) => node))
  for (const node of isResult) isNeeded[node] = true
  const seen = new Set(isResult)
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index]!
    if (!isNeeded[index] || node.kind !== 'operation') continue
    for (const source of node.inputs) {
      isNeeded[source.node] = true
      if (!seen.has(source.node)) finished[index]!.push(source.node)
      seen.add(source.node)
    }
  }
  return { isNeeded, finished }
}

const typeNames: Readonly<Record<number, string>> = {
  1: 'float32',
  3: 'int32',
  4: 'uint8',
  9: 'int64',
  10: 'bool',
  14: 'bfloat16',
}

function textOf({ dtype, shape }: NativeTensor): string {
  return `${typeNames[dtype] ?? `type ${dtype}`} [${shape}]`
}
