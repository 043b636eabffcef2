import { tf } from '../tensorflow.js'
import type { NamedTensors } from './named-tensors.js'
import type { RecordedNode, Recording } from './recording.js'

/**
 * Records a function for every number of items, the first axis of its inputs: for two and for three, to see
 * what depends on it.
 *
 * @param recorded records a call with inputs of these shapes, whose values are not looked at
 * @returns nothing where more depends on the number than sizes of inputs and shapes to which tensors are
 *   brought
 */
export function recordForAnyBatch(
  inputs: NamedTensors,
  recorded: (some: NamedTensors) => Recording,
): Recording | undefined {
  const [two, three] = [2, 3].map((count) => {
    const some = Object.entries(inputs).map(([name, { shape, dtype }]) => [
      name,
      tf.zeros([count, ...shape.slice(1)], dtype),
    ])
    const samples = Object.fromEntries(some) as NamedTensors
    try {
      return recorded(samples)
    } finally {
      tf.dispose(samples)
    }
  })
  return merged(two!, three!)
}

function merged(two: Recording, three: Recording): Recording | undefined {
  if (two.nodes.length !== three.nodes.length || two.assigned.length > 0) return undefined
  if (withoutShapes(two.outputs) !== withoutShapes(three.outputs)) return undefined
  const shapes = shapesOfReshapes(two.nodes)
  const nodes: RecordedNode[] = []
  for (const [index, node] of two.nodes.entries()) {
    const both = mergedNode(node, three.nodes[index]!, shapes.has(index))
    if (!both) return undefined
    nodes.push(both)
  }
  return { ...two, nodes }
}

/** The constants that say nothing but to which shape a tensor is brought. */
function shapesOfReshapes(nodes: readonly RecordedNode[]): ReadonlySet<number> {
  const shapes = new Set<number>()
  const others = new Set<number>()
  for (const node of nodes) {
    if (node.kind !== 'operation') continue
    for (const [position, { node: source }] of node.inputs.entries()) {
      const isShape = node.operation === 'Reshape' && position === 1
      ;(isShape ? shapes : others).add(source)
    }
  }
  return new Set([...shapes].filter((node) => !others.has(node)))
}

function mergedNode(a: RecordedNode, b: RecordedNode, isShape: boolean): RecordedNode | undefined {
  if (a.kind === 'input' && b.kind === 'input') {
    return { ...a, shape: a.shape.map((side, axis) => (side === b.shape[axis] ? side : anySize)) }
  }
  if (a.kind === 'constant' && b.kind === 'constant') {
    if (String(a.shape) !== String(b.shape)) return undefined
    if (areEqual(a.values, b.values)) return a
    return isShape ? withFreeSide(a, b) : undefined
  }
  return withoutShapes(a) === withoutShapes(b) ? a : undefined
}

/** What nodes and their sources are but for the shapes that they were recorded at. */
function withoutShapes(recorded: unknown): string {
  return JSON.stringify(recorded, (key, value: unknown) => (key === 'shape' ? undefined : value))
}

/**
 * TensorFlow's sign for a size that is not known before the call, in placeholders and in shapes of `Reshape`.
 */
const anySize = -1

type Constant = Extract<RecordedNode, { kind: 'constant' }>

/** The shape with its one side that follows from the others left free. */
function withFreeSide(a: Constant, b: Constant): Constant | undefined {
  const [shape, other] = [new Int32Array(a.values.slice().buffer), new Int32Array(b.values.slice().buffer)]
  const differing = [...shape.keys()].filter((axis) => shape[axis] !== other[axis])
  if (differing.length !== 1 || shape.includes(anySize)) return undefined
  shape[differing[0]!] = anySize
  return { ...a, values: new Uint8Array(shape.buffer) }
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
