import protobuf from 'protobufjs'

const repeated = (id: number, type: string) => ({ id, rule: 'repeated', type }) as const

/** ONNX's own names and numbers, of what small networks need (onnx.proto3). */
const schema: protobuf.INamespace = {
  nested: {
    Model: {
      fields: {
        irVersion: { id: 1, type: 'int64' },
        graph: { id: 7, type: 'Graph' },
        opsetImport: repeated(8, 'Opset'),
      },
    },
    Opset: { fields: { version: { id: 2, type: 'int64' } } },
    Graph: {
      fields: {
        node: repeated(1, 'Node'),
        name: { id: 2, type: 'string' },
        initializer: repeated(5, 'Tensor'),
        input: repeated(11, 'ValueInfo'),
        output: repeated(12, 'ValueInfo'),
      },
    },
    Node: {
      fields: {
        input: repeated(1, 'string'),
        output: repeated(2, 'string'),
        opType: { id: 4, type: 'string' },
        attribute: repeated(5, 'Attribute'),
      },
    },
    Attribute: {
      fields: {
        name: { id: 1, type: 'string' },
        f: { id: 2, type: 'float' },
        i: { id: 3, type: 'int64' },
        g: { id: 6, type: 'Graph' },
        ints: repeated(8, 'int64'),
        type: { id: 20, type: 'int32' },
      },
    },
    Tensor: {
      fields: {
        dims: repeated(1, 'int64'),
        dataType: { id: 2, type: 'int32' },
        name: { id: 8, type: 'string' },
        rawData: { id: 9, type: 'bytes' },
        externalData: repeated(13, 'Entry'),
        dataLocation: { id: 14, type: 'int32' },
      },
    },
    Entry: { fields: { key: { id: 1, type: 'string' }, value: { id: 2, type: 'string' } } },
    ValueInfo: { fields: { name: { id: 1, type: 'string' }, type: { id: 2, type: 'Type' } } },
    Type: { fields: { tensorType: { id: 1, type: 'TensorType' } } },
    TensorType: { fields: { elemType: { id: 1, type: 'int32' }, shape: { id: 2, type: 'Shape' } } },
    Shape: { fields: { dim: repeated(1, 'Dimension') } },
    Dimension: { fields: { dimValue: { id: 1, type: 'int64' }, dimParam: { id: 2, type: 'string' } } },
  },
}

const model = protobuf.Root.fromJSON(schema).lookupType('Model')

/** Codes of types. */
export const types = { float: 1, uint8: 2, int64: 7, bool: 9, float16: 10, double: 11 } as const

type ElementType = keyof typeof types

/**
 * An input or output: its name and sides, texts where any number fits; nothing of outputs is said where the
 * shape is left out.
 */
export interface Value {
  readonly name: string
  readonly shape?: readonly (number | string)[]
  readonly type?: ElementType
}

export interface Weight {
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
  /** Where the numbers are, if not in the file. */
  readonly external?: { readonly location: string; readonly offset?: number; readonly length?: number }
}

type AttributeValue = number | readonly number[] | { readonly graph: SmallNetwork }

/**
 * An operation: its name, what goes in and comes out, and its attributes: whole numbers, lists of them,
 * graphs within.
 */
export type Operation = readonly [
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, AttributeValue>>,
]

export interface SmallNetwork {
  readonly inputs?: readonly Value[]
  readonly outputs: readonly Value[]
  readonly operations: readonly Operation[]
  readonly weights?: Readonly<Record<string, Weight>>
  readonly opset?: number
  readonly irVersion?: number
}

/** Pictures of any number, [n, 3, side, side]. */
export function pictures(side: number | string, name = 'pixels'): Value {
  return { name, shape: ['n', 3, side, side] }
}

/** A list of whole numbers, such as a shape that a network reshapes to. */
export function integers(...values: number[]): Weight {
  return { shape: [values.length], data: BigInt64Array.from(values, BigInt) }
}

/** A network as the bytes of an ONNX file. */
export function writeOnnx(network: SmallNetwork): Uint8Array {
  const { opset = 17, irVersion = 8 } = network
  const message = { irVersion, opsetImport: [{ version: opset }], graph: graphMessage(network) }
  return model.encode(model.fromObject(message)).finish()
}

function graphMessage({ inputs = [pictures(8)], outputs, operations, weights = {} }: SmallNetwork): object {
  return {
    name: 'small',
    node: operations.map(([opType, input, output, attributes = {}]) => ({
      opType,
      input,
      output,
      attribute: Object.entries(attributes).map(attributeMessage),
    })),
    initializer: Object.entries(weights).map(tensorMessage),
    input: inputs.map(valueMessage),
    output: outputs.map(valueMessage),
  }
}

function attributeMessage([name, value]: [string, AttributeValue]) {
  if (typeof value === 'number') return { name, i: value, type: 2 }
  return 'graph' in value ? { name, g: graphMessage(value.graph), type: 5 } : { name, ints: value, type: 7 }
}

function tensorMessage([name, { shape, data, external }]: [string, Weight]) {
  const dataType = data instanceof Float32Array ? types.float : types.int64
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (!external) return { name, dims: shape, dataType, rawData: bytes }
  const externalData = Object.entries(external).map(([key, value]) => ({ key, value: String(value) }))
  return { name, dims: shape, dataType, externalData, dataLocation: 1 }
}

function valueMessage({ name, shape, type = 'float' }: Value) {
  if (!shape) return { name }
  const dim = shape.map((side) => (typeof side === 'number' ? { dimValue: side } : { dimParam: side }))
  return { name, type: { tensorType: { elemType: types[type], shape: { dim } } } }
}
