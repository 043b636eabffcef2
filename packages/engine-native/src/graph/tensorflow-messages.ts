import protobuf from 'protobufjs'

const schema: protobuf.INamespace = {
  nested: {
    SavedModel: {
      fields: {
        savedModelSchemaVersion: { id: 1, type: 'int64' },
        metaGraphs: { id: 2, rule: 'repeated', type: 'MetaGraphDef' },
      },
    },
    MetaGraphDef: {
      fields: { metaInfoDef: { id: 1, type: 'MetaInfoDef' }, graphDef: { id: 2, type: 'GraphDef' } },
    },
    MetaInfoDef: { fields: { tags: { id: 4, rule: 'repeated', type: 'string' } } },
    GraphDef: {
      fields: { node: { id: 1, rule: 'repeated', type: 'NodeDef' }, versions: { id: 4, type: 'VersionDef' } },
    },
    VersionDef: { fields: { producer: { id: 1, type: 'int32' } } },
    NodeDef: {
      fields: {
        name: { id: 1, type: 'string' },
        op: { id: 2, type: 'string' },
        input: { id: 3, rule: 'repeated', type: 'string' },
        attr: { id: 5, keyType: 'string', type: 'AttrValue' } as protobuf.IMapField,
      },
    },
    AttrValue: {
      oneofs: { value: { oneof: ['list', 's', 'i', 'f', 'b', 'type', 'shape', 'tensor'] } },
      fields: {
        list: { id: 1, type: 'ListValue' },
        s: { id: 2, type: 'bytes' },
        i: { id: 3, type: 'int64' },
        f: { id: 4, type: 'float' },
        b: { id: 5, type: 'bool' },
        type: { id: 6, type: 'int32' },
        shape: { id: 7, type: 'TensorShapeProto' },
        tensor: { id: 8, type: 'TensorProto' },
      },
    },
    ListValue: {
      fields: {
        s: { id: 2, rule: 'repeated', type: 'bytes' },
        i: { id: 3, rule: 'repeated', type: 'int64', options: { packed: true } },
        f: { id: 4, rule: 'repeated', type: 'float', options: { packed: true } },
        b: { id: 5, rule: 'repeated', type: 'bool', options: { packed: true } },
        type: { id: 6, rule: 'repeated', type: 'int32', options: { packed: true } },
      },
    },
    TensorProto: {
      fields: {
        dtype: { id: 1, type: 'int32' },
        tensorShape: { id: 2, type: 'TensorShapeProto' },
        tensorContent: { id: 4, type: 'bytes' },
      },
    },
    TensorShapeProto: { fields: { dim: { id: 2, rule: 'repeated', type: 'Dim' } } },
    Dim: { fields: { size: { id: 1, type: 'int64' } } },
  },
}

/**
 * TensorFlow's `SavedModel` message (tensorflow/core/protobuf/saved_model.proto), as far as graphs here need
 * it.
 */
export const savedModelType = protobuf.Root.fromJSON(schema).lookupType('SavedModel')

/** TensorFlow's `NodeDef`. */
export interface NodeMessage {
  readonly name: string
  readonly op: string
  readonly input?: readonly string[]
  readonly attr: Readonly<Record<string, object>>
}
