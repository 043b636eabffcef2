import type { Attribute, NativeTensor } from '../../native-backend.js'

type Shape = readonly number[]

/**
 * The multiplications and additions of an operation by its shapes, each counted as one: of convolutions,
 * their gradients, matrix products and linear systems. Of other operations it is not told; they are bound by
 * memory.
 */
export function flopsOf(
  operation: string,
  attributes: readonly Attribute[],
  inputs: readonly { readonly shape: Shape }[],
  outputs: readonly { readonly shape: Shape }[],
): number | undefined {
  const [first, second, third] = inputs.map(({ shape }) => shape)
  const result = outputs[0]?.shape
  if (!result) return undefined
  const isSet = (name: string) => attributes.some((attribute) => attribute.name === name && attribute.value)
  switch (operation) {
    case 'Conv2D':
      return convolution(result, second!)
    case 'Conv2DBackpropInput':
      return convolution(third!, second!)
    case 'Conv2DBackpropFilter':
      return convolution(third!, result)
    case 'DepthwiseConv2dNative':
      return depthwise(result, second!)
    case 'DepthwiseConv2dNativeBackpropInput':
      return depthwise(third!, second!)
    case 'DepthwiseConv2dNativeBackpropFilter':
      return depthwise(third!, result)
    case 'MatMul':
      return 2 * product(result) * first!.at(isSet('transpose_a') ? -2 : -1)!
    case 'BatchMatMulV2':
      return 2 * product(result) * first!.at(isSet('adj_x') ? -2 : -1)!
    case 'Cholesky':
      return Math.round((product(result) * result.at(-1)!) / 3)
    case 'MatrixTriangularSolve':
      return product(result) * result.at(-2)!
    default:
      return undefined
  }
}

/** The bytes of tensors together. */
export function bytesOf(tensors: readonly Pick<NativeTensor, 'dtype' | 'shape'>[]): number {
  return tensors.reduce((sum, { dtype, shape }) => sum + product(shape) * (bytesEach[dtype] ?? 4), 0)
}

/**
 * By TensorFlow's numbers of types: unsigned and signed bytes, truth values, 64 and 16 bits; all others have
 * 32.
 */
const bytesEach: Readonly<Record<number, number>> = { 2: 8, 4: 1, 6: 1, 9: 8, 10: 1, 14: 2, 19: 2 }

/**
 * @param output [n, height, width, output channels]
 * @param filter [height, width, input channels, output channels]
 */
function convolution(output: Shape, filter: Shape): number {
  return 2 * product(output) * product(filter.slice(0, 3))
}

/**
 * @param output [n, height, width, channels times multiplier]
 * @param filter [height, width, channels, multiplier]
 */
function depthwise(output: Shape, filter: Shape): number {
  return 2 * product(output) * product(filter.slice(0, 2))
}

function product(shape: Shape): number {
  return shape.reduce((result, side) => result * side, 1)
}
