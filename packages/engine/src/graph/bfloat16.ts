import { booleanAttribute, typeAttribute, type Attribute, type NativeBackend } from '../native-backend.js'
import { tf } from '../tensorflow.js'
import type { RecordedNode, Recording, Source } from './recording.js'

/** Which inputs and outputs of an operation have the type that its attribute `T` says. */
interface Kind {
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /**
   * When it is computed in bfloat16. `leads`: wherever its inputs come from. `follows`: where one of them is
   * at hand in it. `adds`: where all of them are features or gradients of features, which are added up once
   * and not over steps.
   */
  readonly role: 'leads' | 'follows' | 'adds'
  /** Whether its output are features or their gradient; undefined where they are if an input is. */
  readonly makesFeatures?: boolean
}

const leader = (inputs: readonly number[], makesFeatures: boolean): Kind => ({
  inputs,
  outputs: [0],
  role: 'leads',
  makesFeatures,
})
const follower = (inputs: readonly number[]): Kind => ({ inputs, outputs: [0], role: 'follows' })
const adder: Kind = { inputs: [0, 1], outputs: [0], role: 'adds' }

/**
 * What is computed in bfloat16. All else stays in float32: sums over many values, losses, updates of weights,
 * and matrices that are factorised, which rounding could make indefinite.
 */
const kinds: Readonly<Record<string, Kind>> = {
  Conv2D: leader([0, 1], true),
  Conv2DBackpropInput: leader([1, 2], true),
  Conv2DBackpropFilter: leader([0, 2], false),
  DepthwiseConv2dNative: leader([0, 1], true),
  DepthwiseConv2dNativeBackpropInput: leader([1, 2], true),
  DepthwiseConv2dNativeBackpropFilter: leader([0, 2], false),
  BatchMatMulV2: leader([0, 1], false),
  MatMul: leader([0, 1], false),
  Add: adder,
  AddV2: adder,
  FusedBatchNormV3: follower([0]),
  FusedBatchNormGradV3: follower([0, 1]),
  BiasAdd: follower([0, 1]),
  LeakyRelu: follower([0]),
  LeakyReluGrad: follower([0, 1]),
  Relu6: follower([0]),
  Relu6Grad: follower([0, 1]),
  MaxPool: follower([0]),
  MaxPoolGrad: follower([0, 1, 2]),
  PadV2: follower([0, 2]),
  Reshape: follower([0]),
  Slice: follower([0]),
}

/**
 * A recording that computes convolutions, matrix products and what lies between them in bfloat16, with
 * float32 everywhere else: weights, statistics, losses and updates (Micikevicius et al., "Mixed Precision
 * Training", ICLR 2018, section 3.1; Kalamkar et al., "A Study of BFLOAT16 for Deep Learning Training", 2019:
 * no scaling of the loss is needed).
 */
export function inBfloat16(recording: Recording): Recording {
  const rewriter = new Rewriter(recording)
  recording.nodes.forEach((node, index) => rewriter.take(node, index))
  return rewriter.result()
}

class Rewriter {
  readonly #recording: Recording
  readonly #backend = tf.backend() as unknown as NativeBackend
  readonly #nodes: RecordedNode[] = []
  /** Where a node of the recording is among the new ones. */
  readonly #moved: number[] = []
  /** Each output in both types, as far as it is at hand; the key is that of the recording. */
  readonly #float32 = new Map<string, Source>()
  readonly #bfloat16 = new Map<string, Source>()
  /** The outputs, at hand in bfloat16, that are features or gradients of features. */
  readonly #features = new Set<string>()

  /** The nodes of which factorised matrices are made, back to the products. */
  readonly #exact: ReadonlySet<number>

  /** Of the operation that is being taken; casts for it belong there too. */
  #scopes: Operation['scopes']

  constructor(recording: Recording) {
    this.#recording = recording
    this.#exact = madeIntoFactors(recording)
  }

  take(node: RecordedNode, index: number): void {
    if (node.kind !== 'operation') {
      this.#moved[index] = this.#add(node)
      return
    }
    this.#scopes = node.scopes
    const kind = kinds[node.operation]
    if (kind && !this.#exact.has(index) && this.#isWanted(node, kind))
      this.#moved[index] = this.#addNarrow(node, kind, index)
    else this.#moved[index] = this.#add({ ...node, inputs: node.inputs.map((source) => this.#wide(source)) })
  }

  result(): Recording {
    const { inputs, read, seeds, outputs, assigned } = this.#recording
    const moved = (node: number) => this.#moved[node]!
    return {
      inputs: Object.fromEntries(Object.entries(inputs).map(([name, node]) => [name, moved(node)])),
      read: read.map(({ variable, node }) => ({ variable, node: moved(node) })),
      seeds: seeds.map(({ node, path }) => ({ node: moved(node), path })),
      outputs: Object.fromEntries(
        Object.entries(outputs).map(([name, source]) => [name, this.#wide(source)]),
      ),
      assigned: assigned.map(({ variable, source }) => ({ variable, source: this.#wide(source) })),
      nodes: this.#nodes,
    }
  }

  #isWanted({ inputs }: Operation, { inputs: narrow, role }: Kind): boolean {
    const sources = narrow.map((position) => inputs[position]!)
    if (!sources.every(({ dtype }) => dtype === this.#backend.binding.TF_FLOAT)) return false
    if (role === 'adds') return sources.every((source) => this.#features.has(keyOf(source)))
    return role === 'leads' || sources.some((source) => this.#bfloat16.has(keyOf(source)))
  }

  #addNarrow(node: Operation, kind: Kind, index: number): number {
    const { inputs: narrow, outputs } = kind
    const isOfFeatures = narrow.some((position) => this.#features.has(keyOf(node.inputs[position]!)))
    const makesFeatures = kind.makesFeatures ?? isOfFeatures
    const sources = node.inputs.map((source, position) =>
      narrow.includes(position) ? this.#narrow(source) : this.#wide(source),
    )
    const attributes = node.attributes.map((attribute) =>
      attribute.name === 'T' ? { ...attribute, value: bfloat16 } : attribute,
    )
    const added = this.#add({ ...node, attributes, inputs: sources })
    for (const output of outputs) {
      const key = keyOf({ node: index, output })
      this.#bfloat16.set(key, { node: added, output, dtype: bfloat16 })
      if (makesFeatures) this.#features.add(key)
    }
    return added
  }

  /** The output in the type that it has in the recording. */
  #wide(source: Source): Source {
    const narrow = this.#bfloat16.get(keyOf(source))
    const isNarrowOnly =
      narrow && source.dtype === this.#backend.binding.TF_FLOAT && this.#moved[source.node] === narrow.node
    if (!isNarrowOnly) return { ...source, node: this.#moved[source.node]! }
    return this.#memoised(this.#float32, source, () => this.#cast(narrow, this.#backend.binding.TF_FLOAT))
  }

  #narrow(source: Source): Source {
    return this.#memoised(this.#bfloat16, source, () => this.#cast(this.#wide(source), bfloat16))
  }

  #cast(source: Source, dtype: number): Source {
    const attributes: Attribute[] = [
      { ...typeAttribute(this.#backend, 'SrcT', 'TF_FLOAT'), value: source.dtype },
      { ...typeAttribute(this.#backend, 'DstT', 'TF_FLOAT'), value: dtype },
      booleanAttribute(this.#backend, 'Truncate', false),
    ]
    const cast = { kind: 'operation', operation: 'Cast', attributes, inputs: [source], outputs: 1 } as const
    return { node: this.#add({ ...cast, ...(this.#scopes && { scopes: this.#scopes }) }), output: 0, dtype }
  }

  #memoised(known: Map<string, Source>, source: Source, make: () => Source): Source {
    const found = known.get(keyOf(source)) ?? make()
    known.set(keyOf(source), found)
    return found
  }

  #add(node: RecordedNode): number {
    this.#nodes.push(node)
    return this.#nodes.length - 1
  }
}

function madeIntoFactors({ nodes }: Recording): ReadonlySet<number> {
  const exact = new Set<number>()
  for (const [index, node] of Array.from(nodes.entries()).toReversed()) {
    if (node.kind !== 'operation') continue
    const goesOn = exact.has(index) && kinds[node.operation]?.role !== 'leads'
    if (goesOn || node.operation === 'Cholesky') for (const source of node.inputs) exact.add(source.node)
  }
  return exact
}

type Operation = Extract<RecordedNode, { kind: 'operation' }>

/** TensorFlow's number of the type, which TensorFlow.js does not know. */
const bfloat16 = 14

function keyOf({ node, output }: Pick<Source, 'node' | 'output'>): string {
  return `${node}:${output}`
}
