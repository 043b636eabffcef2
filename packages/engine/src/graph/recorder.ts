import type { Attribute, NativeBackend, NativeTensor } from '../native-backend.js'
import type { RandomKey } from '../random-key.js'
import { operationScopes } from './replay/operation-scopes.js'
import { tf } from '../tensorflow.js'
import { NotRecordable } from './not-recordable.js'
import type { RecordedNode, Source } from './recording.js'
import { shapeFunctions, type AbstractTensor } from './shape-functions.js'
import { TracedKey, type KeyPath } from '../traced-key.js'

/** Takes down what tfjs-node's backend is asked for, and answers with shapes. */
export class Recorder {
  readonly nodes: RecordedNode[] = []
  readonly seeds: { node: number; path: KeyPath }[] = []
  #lastId = 0
  readonly #backend = tf.backend() as unknown as RecordedBackend
  readonly #binding = this.#backend.binding
  readonly #sources = new Map<number, Source & AbstractTensor>()
  readonly #claims = new WeakMap<object, KeyPath>()

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
      () => {
        throw new NotRecordable('it draws random numbers in JavaScript')
      },
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
      executeOp: (operation: string, attributes: Attribute[], inputs: number[]): NativeTensor[] =>
        this.#operation(operation, attributes, inputs),
      createTensor: (shape: number[], dtype: number, values: ArrayBufferView | readonly number[]): number => {
        const id = binding.createTensor(shape, dtype, values)
        this.#constant(id, shape, dtype, values)
        return id
      },
      deleteTensor: (id: number): void => {
        if (id >= 0) binding.deleteTensor(id)
      },
      tensorDataSync: (id: number): ArrayBufferView => {
        if (id < 0 || !isConstant(this.nodes[this.#sources.get(id)?.node ?? -1])) {
          throw new NotRecordable('it reads values of tensors back to JavaScript')
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
    const shape = node.kind === 'seed' ? [2] : node.shape
    this.#sources.set(id, { node: this.nodes.length - 1, output: 0, dtype, shape })
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
    if (!ArrayBuffer.isView(values)) throw new NotRecordable('it makes a tensor of texts')
    const bytes = Uint8Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    this.#add(id, { kind: 'constant', dtype, shape, values: bytes })
  }

  /**
   * @returns outputs that have shapes and types but no values; their ids are negative, which the backend
   * never deletes
   */
  #operation(operation: string, attributes: readonly Attribute[], ids: readonly number[]): NativeTensor[] {
    const inputs = ids.map((id) => this.#sources.get(id)!)
    const types = (typesLeftOut[operation] ?? []).map(({ name, input }) => ({
      name,
      type: this.#binding.TF_ATTR_TYPE,
      value: inputs[input]!.dtype,
    }))
    const all = [...attributes, ...types]
    const outputs = this.#outputsOf(operation, all, inputs)
    const scopes = operationScopes()
    this.nodes.push({
      kind: 'operation',
      operation,
      attributes: all,
      inputs,
      outputs: outputs.length,
      ...(scopes.length > 0 && { scopes }),
    })
    const node = this.nodes.length - 1
    return outputs.map(({ shape, dtype }, output) => {
      const id = --this.#lastId
      this.#sources.set(id, { node, output, dtype, shape })
      return { id, shape: [...shape], dtype }
    })
  }

  #outputsOf(
    operation: string,
    attributes: readonly Attribute[],
    inputs: readonly (Source & AbstractTensor)[],
  ): readonly AbstractTensor[] {
    const shapeFunction = shapeFunctions[operation]
    if (!shapeFunction) throw new NotRecordable(`operation ${operation} has no node`)
    return shapeFunction({
      inputs,
      attribute: (name) => attributes.find((attribute) => attribute.name === name)?.value,
      constant: (input) => this.#wholeNumbers(operation, inputs[input]!),
      types: { bool: this.#binding.TF_BOOL, int32: this.#binding.TF_INT32 },
    })
  }

  #wholeNumbers(operation: string, { node }: Source): readonly number[] {
    const recorded = this.nodes[node]!
    if (recorded.kind !== 'constant') {
      throw new NotRecordable(`the shape that ${operation} makes depends on values of tensors`)
    }
    const { buffer } = recorded.values
    return recorded.dtype === this.#binding.TF_FLOAT
      ? [...new Float32Array(buffer)]
      : [...new Int32Array(buffer)]
  }
}

/** What of tfjs-node's backend and binding is listened to. */
interface RecordedBackend extends NativeBackend {
  binding: NativeBackend['binding'] & {
    createTensor(shape: number[], dtype: number, values: ArrayBufferView | readonly number[]): number
    tensorDataSync(id: number): ArrayBufferView
  }
  readonly tensorMap: { get(dataId: object): { readonly shape: number[]; readonly dtype: number } }
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
