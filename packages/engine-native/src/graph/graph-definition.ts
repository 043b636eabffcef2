import { tf } from '@m2l/engine'
import type { Attribute, NativeBackend, RecordedNode, Recording, Source } from '@m2l/engine/runtime'
import { inOneOrder, isSum } from './summation-order.js'
import { savedModelType, type NodeMessage } from './tensorflow-messages.js'

/** How nodes are called in a graph. */
export const names = {
  node: (index: number) => `n${index}`,
  seeds: 'seeds',
  result: (index: number) => `result${index}`,
} as const

/** The version of TensorFlow's graph format that the nodes are written for. */
const producer = 1994

/** A recording as the bytes of a SavedModel file: a graph of one node an operation. */
export function encodeGraph(recording: Recording): Uint8Array {
  const { nodes, seeds, outputs, assigned } = recording
  const seedIndex = new Map(seeds.map(({ node }, index) => [node, index]))
  const results = [...Object.values(outputs), ...assigned.map(({ source }) => source)]
  const node = [
    ...seedNodes(seeds.length),
    ...nodes.flatMap((recorded, index) => nodesOf(recorded, index, seedIndex.get(index))),
    ...results.map((source, index) => ({
      name: names.result(index),
      op: 'Identity',
      input: [reference(source)],
      attr: { T: { type: source.dtype } },
    })),
  ]
  const message = {
    savedModelSchemaVersion: 1,
    metaGraphs: [{ metaInfoDef: { tags: ['serve'] }, graphDef: { node, versions: { producer } } }],
  }
  return savedModelType.encode(savedModelType.create(message)).finish()
}

/** The seeds of all random operations come in as one tensor and are taken apart. */
function seedNodes(count: number): object[] {
  if (count === 0) return []
  const type = { type: binding().TF_INT32 }
  const shape = { shape: { dim: [{ size: count }, { size: 2 }] } }
  return [
    { name: names.seeds, op: 'Placeholder', attr: { dtype: type, shape } },
    {
      name: separateSeeds,
      op: 'Unpack',
      input: [names.seeds],
      attr: { T: type, num: { i: count }, axis: { i: 0 } },
    },
  ]
}

const separateSeeds = 'seeds_apart'

function nodesOf(recorded: RecordedNode, index: number, seed: number | undefined): readonly object[] {
  const node = nodeOf(recorded, names.node(index), seed)
  return recorded.kind === 'operation' && isSum(recorded.operation) ? inOneOrder(node) : [node]
}

function nodeOf(recorded: RecordedNode, name: string, seed: number | undefined): NodeMessage {
  switch (recorded.kind) {
    case 'input': {
      const attr = { dtype: { type: recorded.dtype }, shape: { shape: shapeMessage(recorded.shape) } }
      return { name, op: 'Placeholder', attr }
    }
    case 'seed':
      return {
        name,
        op: 'Identity',
        input: [`${separateSeeds}:${seed}`],
        attr: { T: { type: binding().TF_INT32 } },
      }
    case 'constant': {
      const { dtype, shape, values } = recorded
      const tensor = { dtype, tensorShape: shapeMessage(shape), tensorContent: values }
      return { name, op: 'Const', attr: { dtype: { type: dtype }, value: { tensor } } }
    }
    case 'operation': {
      const { operation, attributes, inputs } = recorded
      const attr = Object.fromEntries(
        attributes.map((attribute) => [attribute.name, attributeMessage(attribute)]),
      )
      return { name, op: operation, input: inputs.map(reference), attr }
    }
  }
}

function reference({ node, output }: Source): string {
  return `${names.node(node)}:${output}`
}

function shapeMessage(shape: readonly number[]): object {
  return { dim: shape.map((size) => ({ size })) }
}

/** An attribute as TensorFlow's `AttrValue`; it says by its field which type it has. */
function attributeMessage({ type, value }: Attribute): object {
  const { TF_ATTR_TYPE, TF_ATTR_INT, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_STRING, TF_ATTR_SHAPE } = binding()
  if (type === TF_ATTR_SHAPE) return { shape: shapeMessage(value as number[]) }
  const field = new Map([
    [TF_ATTR_TYPE, 'type'],
    [TF_ATTR_INT, 'i'],
    [TF_ATTR_FLOAT, 'f'],
    [TF_ATTR_BOOL, 'b'],
    [TF_ATTR_STRING, 's'],
  ]).get(type)!
  const encoded = field === 's' ? Buffer.from(value as string) : value
  return Array.isArray(encoded) ? { list: { [field]: encoded } } : { [field]: encoded }
}

function binding(): NativeBackend['binding'] {
  return (tf.backend() as unknown as NativeBackend).binding
}
