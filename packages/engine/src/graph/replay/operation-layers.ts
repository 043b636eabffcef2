import type { RecordedNode, Recording, Source } from '../recording.js'
import type { tf } from '../../tensorflow.js'

const variableNames = new WeakMap<tf.Variable, string>()

/**
 * Says how profiles call variables, for example `encoder.layer1.0.weight`; what stands before the last dot is
 * the layer.
 */
export function nameVariables(variables: Readonly<Record<string, tf.Variable>>): void {
  for (const [name, variable] of Object.entries(variables)) variableNames.set(variable, name)
}

/**
 * The layer of each node of a recording, as far as it is known: of operations that read its parameters, of
 * activations and poolings of what these make, and of the gradients of both.
 */
export function layersOf({ nodes, read }: Recording): (string | undefined)[] {
  const origins: Origin[] = []
  const variables = new Map(read.map(({ node, variable }) => [node, variable]))
  const forward = new Map<string, number[]>()
  for (const [index, node] of nodes.entries()) {
    if (node.kind !== 'operation') {
      const variable = variables.get(index)
      origins.push(variable ? { layer: layerOf(variable), variable } : {})
      continue
    }
    origins.push(originOf(node, { nodes, origins, forward }))
    const [first] = node.inputs
    if (!first) continue
    const key = keyOf(node.operation, first)
    forward.set(key, [...(forward.get(key) ?? []), index])
  }
  return origins.map(({ layer }) => layer)
}

interface Origin {
  readonly layer?: string | undefined
  /** Set where a node is made of a parameter and nothing that depends on inputs. */
  readonly variable?: tf.Variable
}

interface Known {
  readonly nodes: readonly RecordedNode[]
  readonly origins: readonly Origin[]
  /** Operations by their name and first input. */
  readonly forward: ReadonlyMap<string, readonly number[]>
}

function originOf(node: Operation, { nodes, origins, forward }: Known): Origin {
  const inputs = node.inputs.filter((source) => nodes[source.node]!.kind !== 'constant')
  const fromParameters = inputs.map((source) => origins[source.node]!).filter(({ variable }) => variable)
  const [parameter] = fromParameters
  if (parameter && fromParameters.length === inputs.length) return parameter
  if (parameter) return { layer: parameter.layer }
  const gradient = gradients[node.operation]
  if (gradient) {
    const key = keyOf(gradient.of, node.inputs[gradient.input]!)
    const candidates = forward.get(key) ?? []
    const size = node.operation.endsWith('BackpropFilter')
      ? filterSize(nodes[node.inputs[1]!.node]!)
      : undefined
    const fitting = candidates.find((index) => {
      const { inputs: ofForward } = nodes[index] as Operation
      return size !== undefined && String(origins[ofForward[1]!.node]?.variable?.shape) === size
    })
    return { layer: origins[fitting ?? candidates[0] ?? -1]?.layer }
  }
  const followed = isReshapeToMap(node, nodes) ? 0 : followers[node.operation]
  return followed === undefined ? {} : { layer: origins[node.inputs[followed]!.node]?.layer }
}

/**
 * Where a gradient finds the operation whose gradient it is: that with this name whose first input is one of
 * its inputs.
 */
const gradients: Readonly<Record<string, { readonly of: string; readonly input: number }>> = {
  Conv2DBackpropFilter: { of: 'Conv2D', input: 0 },
  DepthwiseConv2dNativeBackpropFilter: { of: 'DepthwiseConv2dNative', input: 0 },
  MaxPoolGrad: { of: 'MaxPool', input: 0 },
}

/**
 * What belongs to the layer that makes one of its inputs, with that input. Gradients of activations read
 * their output.
 */
const followers: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    'AvgPool Cast Elu Identity LeakyRelu MaxPool Relu Relu6'.split(' ').map((name) => [name, 0]),
  ),
  LeakyReluGrad: 1,
  Relu6Grad: 1,
}

/** TensorFlow.js puts such around batch norms and poolings; other reshapes lead away from a layer. */
function isReshapeToMap({ operation, inputs }: Operation, nodes: readonly RecordedNode[]): boolean {
  const shape = inputs[1] && nodes[inputs[1].node]
  return operation === 'Reshape' && shape?.kind === 'constant' && shape.shape[0] === 4
}

type Operation = Extract<RecordedNode, { kind: 'operation' }>

function keyOf(operation: string, { node, output }: Source): string {
  return `${operation} ${node}:${output}`
}

function layerOf(variable: tf.Variable): string | undefined {
  const name = variableNames.get(variable)
  if (name === undefined) return undefined
  const end = name.lastIndexOf('.')
  return end < 0 ? name : name.slice(0, end)
}

function filterSize(node: RecordedNode): string | undefined {
  return node.kind === 'constant' ? String(new Int32Array(node.values.slice().buffer)) : undefined
}
