import { InputError } from '@m2l/engine'
import protobuf from 'protobufjs'
import {
  modelType,
  type GraphMessage,
  type ModelMessage,
  type NodeMessage,
  type SparseTensorMessage,
  type TensorMessage,
  type ValueMessage,
} from './onnx-messages.js'
import { requireOwnSize, sizeOfTensor, type ExternalData } from './tensor-size.js'

/** A tensor that goes into a network, comes out of it, or is within. */
export interface NetworkTensor {
  readonly name: string
  /**
   * Names of sides that may be any number, and -1 of those without; nothing where the file does not say it.
   */
  readonly shape?: readonly (number | string)[]
}

/** A tensor within a network. */
export interface InnerTensor extends NetworkTensor {
  /** The operation that makes it. */
  readonly operation: string
}

/** What an ONNX file says of itself. */
export interface ModelFile {
  /** Those of its inputs that it has no numbers for. */
  readonly inputs: readonly NetworkTensor[]
  readonly outputs: readonly NetworkTensor[]
  /** Whatever its operations make, in their order, outputs among it. */
  readonly tensors: readonly InnerTensor[]
  /** The version of its operations; null where it does not say. */
  readonly opset: number | null
  /** The numbers in its weights. */
  readonly parameters: number
  /** Where weights lie that are not in it. */
  readonly external: readonly ExternalData[]
}

/**
 * Reads what an ONNX file says of itself. Nothing is unpacked, and its weights take no more memory than the
 * file.
 *
 * @param name what errors call it
 * @throws {InputError} when it is none, is cut off, or a tensor is said to be larger than what is there of it
 */
export function readModelFile(bytes: Uint8Array, name: string): ModelFile {
  const { graph, opsetImport, functions } = decoded(bytes, name)
  const tensors = [...tensorsOfGraph(graph), ...functions.flatMap(({ node }) => node.flatMap(tensorsOfNode))]
  const external = tensors.flatMap((tensor) => requireOwnSize(tensor, name) ?? [])
  const held = new Set(graph.initializer.map((tensor) => tensor.name))
  const opset = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')
  const shapes = new Map([...graph.valueInfo, ...graph.output].map((value) => [value.name, value]))
  return {
    inputs: graph.input.filter((input) => !held.has(input.name)).map(described),
    outputs: graph.output.map(described),
    tensors: graph.node.flatMap(({ output, opType }) =>
      output
        .filter((inner) => inner !== '')
        .map((inner) => ({
          ...described(shapes.get(inner) ?? { name: inner, type: null }),
          operation: opType,
        })),
    ),
    opset: opset ? Number(opset.version) : null,
    parameters: graph.initializer.reduce((sum, tensor) => sum + sizeOfTensor(tensor), 0),
    external,
  }
}

function described({ name, type }: ValueMessage): NetworkTensor {
  const shape = type?.tensorType?.shape
  if (!shape) return { name }
  const sides = shape.dim.map(({ value, dimValue, dimParam }) =>
    value === 'dimValue' ? Number(dimValue) : dimParam || -1,
  )
  return { name, shape: sides }
}

/**
 * The same file with one more output: a tensor within it. To append a message of the same field is to merge
 * both, so that the file stays as it is.
 */
export function withOutput(bytes: Uint8Array, tensor: string): Uint8Array {
  const addition = { graph: { output: [{ name: tensor }] } }
  return Buffer.concat([bytes, modelType.encode(modelType.create(addition)).finish()])
}

function decoded(bytes: Uint8Array, name: string): ModelMessage & { readonly graph: GraphMessage } {
  let message: ModelMessage
  try {
    message = modelType.decode(protobuf.Reader.create(bytes)) as unknown as ModelMessage
  } catch (error) {
    // what does not even begin like a model is something else
    const isModel = bytes[0] === 0x08
    throw new InputError(
      isModel
        ? `${name}: is cut off or damaged (${(error as Error).message}); copy or export it again`
        : `${name}: is no ONNX file; expected a network that was exported as ONNX`,
    )
  }
  const { graph } = message
  if (!graph || graph.node.length === 0) {
    throw new InputError(
      `${name}: is no ONNX file, since it holds no graph; expected a network that was exported as ONNX`,
    )
  }
  return message as ModelMessage & { graph: GraphMessage }
}

function tensorsOfGraph({ initializer, sparseInitializer, node }: GraphMessage): TensorMessage[] {
  return [...initializer, ...sparseInitializer.flatMap(tensorsOfSparse), ...node.flatMap(tensorsOfNode)]
}

function tensorsOfNode({ attribute }: NodeMessage): TensorMessage[] {
  return attribute.flatMap(({ t, g, tensors, graphs, sparseTensor, sparseTensors }) => [
    ...(t ? [t] : []),
    ...tensors,
    ...(sparseTensor ? tensorsOfSparse(sparseTensor) : []),
    ...sparseTensors.flatMap(tensorsOfSparse),
    ...(g ? tensorsOfGraph(g) : []),
    ...graphs.flatMap(tensorsOfGraph),
  ])
}

function tensorsOfSparse({ values, indices }: SparseTensorMessage): TensorMessage[] {
  return [values, indices].filter((tensor) => tensor !== null)
}
