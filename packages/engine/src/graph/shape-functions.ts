import { NotRecordable } from './not-recordable.js'

/** What is known of a tensor while a function is recorded. */
export interface AbstractTensor {
  readonly shape: readonly number[]
  /** TensorFlow's number of its type. */
  readonly dtype: number
}

/** An operation whose outputs are wanted. */
export interface AbstractCall {
  readonly inputs: readonly AbstractTensor[]
  /** The whole numbers in an input; a shape must not depend on values that are not constant. */
  constant(input: number): readonly number[]
  attribute(name: string): unknown
  readonly types: { readonly bool: number; readonly int32: number }
}

/** What an operation makes of its inputs. */
export type ShapeFunction = (call: AbstractCall) => readonly AbstractTensor[]

/**
 * The outputs' shapes and types of TensorFlow's operations, as their documentation states them (TensorFlow's
 * raw operations, `tf.raw_ops`): those that training and inference of networks here are made of.
 */
export const shapeFunctions: Readonly<Record<string, ShapeFunction>> = {
  ...all(
    'Abs BiasAdd Ceil Cos Elu Erf Exp Expm1 Floor Identity LeakyRelu Log Log1p Neg OnesLike Reciprocal Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Softmax Softplus Sqrt Square Tan Tanh ZerosLike LogicalNot Cumsum AddN LeakyReluGrad Relu6Grad EluGrad MaxPoolGrad',
    ({ inputs }) => [inputs[0]!],
  ),
  ...all('IsFinite IsInf IsNan', ({ inputs, types }) => [{ shape: inputs[0]!.shape, dtype: types.bool }]),
  ...all(
    'Add AddV2 Atan2 Div DivNoNan FloorDiv FloorMod Maximum Minimum Mul Pow RealDiv SquaredDifference Sub LogicalAnd LogicalOr',
    ({ inputs: [a, b] }) => [{ shape: broadcast(a!.shape, b!.shape), dtype: a!.dtype }],
  ),
  ...all('Equal Greater GreaterEqual Less LessEqual NotEqual', ({ inputs: [a, b], types }) => [
    { shape: broadcast(a!.shape, b!.shape), dtype: types.bool },
  ]),
  ...all('All Any Max Mean Min Prod Sum', (call) => [
    { shape: reduced(call, call.constant(1)), dtype: call.inputs[0]!.dtype },
  ]),
  ...all('ArgMax ArgMin', (call) => [
    {
      shape: without(call.inputs[0]!.shape, call.constant(1)),
      dtype: call.attribute('output_type') as number,
    },
  ]),
  Select: ({ inputs }) => [inputs[1]!],
  Cast: ({ inputs, attribute }) => [{ shape: inputs[0]!.shape, dtype: attribute('DstT') as number }],
  Reshape: ({ inputs: [x], constant }) => [{ shape: reshaped(x!.shape, constant(1)), dtype: x!.dtype }],
  ExpandDims: ({ inputs: [x], constant }) => {
    const [axis] = constant(1) as [number]
    return [
      { shape: x!.shape.toSpliced(axis < 0 ? axis + x!.shape.length + 1 : axis, 0, 1), dtype: x!.dtype },
    ]
  },
  Transpose: ({ inputs: [x], constant }) => [
    { shape: constant(1).map((axis) => x!.shape[axis]!), dtype: x!.dtype },
  ],
  Tile: ({ inputs: [x], constant }) => [
    { shape: constant(1).map((times, axis) => times * x!.shape[axis]!), dtype: x!.dtype },
  ],
  PadV2: ({ inputs: [x], constant }) => {
    const paddings = constant(1)
    const padded = x!.shape.map((side, axis) => side + paddings[2 * axis]! + paddings[2 * axis + 1]!)
    return [{ shape: padded, dtype: x!.dtype }]
  },
  ReverseV2: ({ inputs }) => [inputs[0]!],
  Slice: ({ inputs: [x], constant }) => {
    const [begin, size] = [constant(1), constant(2)]
    const sliced = size.map((count, axis) => (count < 0 ? x!.shape[axis]! - begin[axis]! : count))
    return [{ shape: sliced, dtype: x!.dtype }]
  },
  ConcatV2: ({ inputs, constant }) => {
    const tensors = inputs.slice(0, -1)
    const axis = wrapped(constant(tensors.length)[0]!, tensors[0]!.shape.length)
    const length = tensors.reduce((sum, { shape }) => sum + shape[axis]!, 0)
    return [{ shape: tensors[0]!.shape.with(axis, length), dtype: tensors[0]!.dtype }]
  },
  SplitV: ({ inputs: [x], constant }) => {
    const axis = wrapped(constant(2)[0]!, x!.shape.length)
    return constant(1).map((length) => ({ shape: x!.shape.with(axis, length), dtype: x!.dtype }))
  },
  Pack: ({ inputs, attribute }) => {
    const [{ shape, dtype }] = inputs as [AbstractTensor]
    const axis = wrapped(attribute('axis') as number, shape.length + 1)
    return [{ shape: shape.toSpliced(axis, 0, inputs.length), dtype }]
  },
  Unpack: ({ inputs: [x], attribute }) => {
    const shape = without(x!.shape, [attribute('axis') as number])
    return Array.from({ length: attribute('num') as number }, () => ({ shape, dtype: x!.dtype }))
  },
  OneHot: ({ inputs: [indices, , on], constant, attribute }) => {
    const axis = wrapped(attribute('axis') as number, indices!.shape.length + 1)
    return [{ shape: indices!.shape.toSpliced(axis, 0, constant(1)[0]!), dtype: on!.dtype }]
  },
  Range: ({ inputs: [start], constant }) => {
    const [[from], [to], [by]] = [constant(0), constant(1), constant(2)] as [[number], [number], [number]]
    return [{ shape: [Math.max(0, Math.ceil((to - from) / by))], dtype: start!.dtype }]
  },
  Fill: ({ inputs: [, value], constant }) => [{ shape: constant(0), dtype: value!.dtype }],
  StatelessRandomUniform: ({ constant, attribute }) => [
    { shape: constant(0), dtype: attribute('dtype') as number },
  ],
  TopKV2: ({ inputs: [x], constant, types }) => {
    const shape = [...x!.shape.slice(0, -1), constant(1)[0]!]
    return [
      { shape, dtype: x!.dtype },
      { shape, dtype: types.int32 },
    ]
  },
  BatchMatMulV2: ({ inputs: [a, b], attribute }) => {
    const rows = a!.shape.at(attribute('adj_x') ? -1 : -2)!
    const columns = b!.shape.at(attribute('adj_y') ? -2 : -1)!
    const batch = broadcast(a!.shape.slice(0, -2), b!.shape.slice(0, -2))
    return [{ shape: [...batch, rows, columns], dtype: a!.dtype }]
  },
  Cholesky: ({ inputs }) => [inputs[0]!],
  MatrixTriangularSolve: ({ inputs }) => [inputs[1]!],
  Conv2D: (call) => {
    const [x, filter] = call.inputs as [AbstractTensor, AbstractTensor]
    const [height, width] = windows(call, filter.shape.slice(0, 2))
    return [{ shape: [x.shape[0]!, height, width, filter.shape[3]!], dtype: x.dtype }]
  },
  DepthwiseConv2dNative: (call) => {
    const [x, filter] = call.inputs as [AbstractTensor, AbstractTensor]
    const [rows, columns, channels, multiplier] = filter.shape as [number, number, number, number]
    const [height, width] = windows(call, [rows, columns])
    return [{ shape: [x.shape[0]!, height, width, channels * multiplier], dtype: x.dtype }]
  },
  ...all('Conv2DBackpropInput DepthwiseConv2dNativeBackpropInput', ({ inputs, constant }) => [
    { shape: constant(0), dtype: inputs[1]!.dtype },
  ]),
  ...all('Conv2DBackpropFilter DepthwiseConv2dNativeBackpropFilter', ({ inputs, constant }) => [
    { shape: constant(1), dtype: inputs[0]!.dtype },
  ]),
  ...all('AvgPool MaxPool', (call) => [pooled(call)]),
  AvgPoolGrad: ({ inputs, constant }) => [{ shape: constant(0), dtype: inputs[1]!.dtype }],
  FusedBatchNorm: ({ inputs: [x, scale] }) => [x!, ...Array.from({ length: 4 }, () => scale!)],
  FusedBatchNormV3: ({ inputs: [x, scale] }) => [
    x!,
    ...Array.from({ length: 4 }, () => scale!),
    { shape: [0], dtype: scale!.dtype },
  ],
  M2lMomentumUpdate: ({ inputs: [parameter, , velocity] }) => [parameter!, velocity!],
  FusedBatchNormGradV3: ({ inputs: [, x, scale] }) => [
    x!,
    scale!,
    scale!,
    { shape: [0], dtype: scale!.dtype },
    { shape: [0], dtype: scale!.dtype },
  ],
}

/** The same function for several operations. */
function all(operations: string, shapeFunction: ShapeFunction): Record<string, ShapeFunction> {
  return Object.fromEntries(operations.split(' ').map((operation) => [operation, shapeFunction]))
}

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const [left, right] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1]
    return left === 1 ? right : left
  })
}

function reduced({ inputs: [x], attribute }: AbstractCall, axes: readonly number[]): number[] {
  if (!attribute('keep_dims')) return without(x!.shape, axes)
  const gone = new Set(axes.map((axis) => wrapped(axis, x!.shape.length)))
  return x!.shape.map((side, axis) => (gone.has(axis) ? 1 : side))
}

function without(shape: readonly number[], axes: readonly number[]): number[] {
  const gone = new Set(axes.map((axis) => wrapped(axis, shape.length)))
  return shape.filter((_, axis) => !gone.has(axis))
}

function wrapped(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis
}

function reshaped(from: readonly number[], to: readonly number[]): number[] {
  const size = from.reduce((product, side) => product * side, 1)
  const known = to.reduce((product, side) => (side < 0 ? product : product * side), 1)
  return to.map((side) => (side < 0 ? size / known : side))
}

function pooled(call: AbstractCall): AbstractTensor {
  const [x] = call.inputs as [AbstractTensor]
  const [height, width] = windows(call, (call.attribute('ksize') as number[]).slice(1, 3))
  return { shape: [x.shape[0]!, height, width, x.shape[3]!], dtype: x.dtype }
}

/** How many windows fit down and across a map [n, height, width, channels]. */
function windows({ inputs: [x], attribute }: AbstractCall, kernel: readonly number[]): [number, number] {
  const strides = (attribute('strides') as number[]).slice(1, 3)
  const dilations = ((attribute('dilations') as number[] | undefined) ?? [1, 1, 1, 1]).slice(1, 3)
  const padding = attribute('padding')
  if (attribute('data_format') === 'NCHW' || padding === 'EXPLICIT') {
    throw new NotRecordable('a window of explicit padding or of channels first has no node')
  }
  const [height, width] = [0, 1].map((axis) => {
    const side = x!.shape[axis + 1]!
    const reach = padding === 'SAME' ? 0 : (kernel[axis]! - 1) * dilations[axis]!
    return Math.ceil((side - reach) / strides[axis]!)
  })
  return [height!, width!]
}
