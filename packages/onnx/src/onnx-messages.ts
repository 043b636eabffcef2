import protobuf from 'protobufjs'

const bytesOf = (id: number) => ({ id, rule: 'repeated', type: 'bytes' }) as const

/**
 * What of ONNX files is looked at: names and shapes, and of numbers how many bytes they take.
 *
 * Source: onnx.proto3 of ONNX 1.19. Numbers are packed, so that they can be taken as the bytes that they are.
 */
const schema: protobuf.INamespace = {
  nested: {
    ModelProto: {
      fields: {
        graph: { id: 7, type: 'GraphProto' },
        opsetImport: { id: 8, rule: 'repeated', type: 'OperatorSetIdProto' },
        functions: { id: 25, rule: 'repeated', type: 'FunctionProto' },
      },
    },
    OperatorSetIdProto: { fields: { domain: { id: 1, type: 'string' }, version: { id: 2, type: 'int64' } } },
    FunctionProto: { fields: { node: { id: 7, rule: 'repeated', type: 'NodeProto' } } },
    GraphProto: {
      fields: {
        node: { id: 1, rule: 'repeated', type: 'NodeProto' },
        initializer: { id: 5, rule: 'repeated', type: 'TensorProto' },
        input: { id: 11, rule: 'repeated', type: 'ValueInfoProto' },
        output: { id: 12, rule: 'repeated', type: 'ValueInfoProto' },
        valueInfo: { id: 13, rule: 'repeated', type: 'ValueInfoProto' },
        sparseInitializer: { id: 15, rule: 'repeated', type: 'SparseTensorProto' },
      },
    },
    NodeProto: {
      fields: {
        output: { id: 2, rule: 'repeated', type: 'string' },
        opType: { id: 4, type: 'string' },
        attribute: { id: 5, rule: 'repeated', type: 'AttributeProto' },
      },
    },
    AttributeProto: {
      fields: {
        t: { id: 5, type: 'TensorProto' },
        g: { id: 6, type: 'GraphProto' },
        tensors: { id: 10, rule: 'repeated', type: 'TensorProto' },
        graphs: { id: 11, rule: 'repeated', type: 'GraphProto' },
        sparseTensor: { id: 22, type: 'SparseTensorProto' },
        sparseTensors: { id: 23, rule: 'repeated', type: 'SparseTensorProto' },
      },
    },
    ValueInfoProto: { fields: { name: { id: 1, type: 'string' }, type: { id: 2, type: 'TypeProto' } } },
    TypeProto: { fields: { tensorType: { id: 1, type: 'TensorTypeProto' } } },
    TensorTypeProto: {
      fields: { elemType: { id: 1, type: 'int32' }, shape: { id: 2, type: 'TensorShapeProto' } },
    },
    TensorShapeProto: { fields: { dim: { id: 1, rule: 'repeated', type: 'DimensionProto' } } },
    DimensionProto: {
      oneofs: { value: { oneof: ['dimValue', 'dimParam'] } },
      fields: { dimValue: { id: 1, type: 'int64' }, dimParam: { id: 2, type: 'string' } },
    },
    SparseTensorProto: {
      fields: {
        values: { id: 1, type: 'TensorProto' },
        indices: { id: 2, type: 'TensorProto' },
        dims: { id: 3, rule: 'repeated', type: 'int64' },
      },
    },
    TensorProto: {
      fields: {
        dims: { id: 1, rule: 'repeated', type: 'int64' },
        dataType: { id: 2, type: 'int32' },
        floatData: bytesOf(4),
        int32Data: bytesOf(5),
        stringData: bytesOf(6),
        int64Data: bytesOf(7),
        name: { id: 8, type: 'string' },
        rawData: { id: 9, type: 'bytes' },
        doubleData: bytesOf(10),
        uint64Data: bytesOf(11),
        externalData: { id: 13, rule: 'repeated', type: 'StringStringEntryProto' },
        dataLocation: { id: 14, type: 'int32' },
      },
    },
    StringStringEntryProto: { fields: { key: { id: 1, type: 'string' }, value: { id: 2, type: 'string' } } },
  },
}

export const modelType = protobuf.Root.fromJSON(schema).lookupType('ModelProto')

/** A number as protobuf.js reads 64 bits: one, or an object that is written as one. */
type Wide = number | { toString(): string }

export interface TensorMessage {
  readonly name: string
  readonly dims: readonly Wide[]
  readonly dataType: number
  readonly floatData: readonly Uint8Array[]
  readonly int32Data: readonly Uint8Array[]
  readonly stringData: readonly Uint8Array[]
  readonly int64Data: readonly Uint8Array[]
  readonly doubleData: readonly Uint8Array[]
  readonly uint64Data: readonly Uint8Array[]
  readonly rawData: Uint8Array
  readonly externalData: readonly { readonly key: string; readonly value: string }[]
  readonly dataLocation: number
}

export interface SparseTensorMessage {
  readonly values: TensorMessage | null
  readonly indices: TensorMessage | null
  readonly dims: readonly Wide[]
}

export interface NodeMessage {
  readonly output: readonly string[]
  readonly opType: string
  readonly attribute: readonly {
    readonly t: TensorMessage | null
    readonly g: GraphMessage | null
    readonly tensors: readonly TensorMessage[]
    readonly graphs: readonly GraphMessage[]
    readonly sparseTensor: SparseTensorMessage | null
    readonly sparseTensors: readonly SparseTensorMessage[]
  }[]
}

export interface ValueMessage {
  readonly name: string
  readonly type: {
    readonly tensorType: {
      readonly elemType: number
      readonly shape: {
        readonly dim: readonly {
          readonly dimValue: Wide
          readonly dimParam: string
          readonly value?: string
        }[]
      } | null
    } | null
  } | null
}

export interface GraphMessage {
  readonly node: readonly NodeMessage[]
  readonly initializer: readonly TensorMessage[]
  readonly sparseInitializer: readonly SparseTensorMessage[]
  readonly input: readonly ValueMessage[]
  readonly output: readonly ValueMessage[]
  readonly valueInfo: readonly ValueMessage[]
}

export interface ModelMessage {
  readonly graph: GraphMessage | null
  readonly opsetImport: readonly { readonly domain: string; readonly version: Wide }[]
  readonly functions: readonly { readonly node: readonly NodeMessage[] }[]
}
