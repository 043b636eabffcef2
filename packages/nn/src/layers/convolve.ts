import { tf } from '@m2l/engine'

/** Where the windows of a convolution lie. */
export interface Windows {
  /** How far one window is from the next; 1 unless told. */
  readonly stride?: number
  /** How far the pixels of one window are apart; 1, side by side, unless told. */
  readonly dilation?: number
  /** In how many groups the channels are kept apart; 1 unless told. */
  readonly groups?: number
  /**
   * `same`: TensorFlow's padding, the output has a side of ceil(side / stride); of an odd number of rows or
   * columns, one more lies at the bottom and at the right. `valid`: none. A number: so many rows and columns
   * of zeros on every side, as PyTorch's `padding`. At stride 1, `same` is PyTorch's `kernel_size // 2` for
   * odd kernels.
   */
  readonly padding: Padding
}

export type Padding = 'same' | 'valid' | number

/**
 * A two-dimensional convolution. In groups, output channels see the input channels of their own group alone;
 * groups of one channel are a depthwise convolution, which TensorFlow has as an operation of its own.
 *
 * @param x [n, height, width, inputs]
 * @param weight [rows, columns, inputs / groups, outputs]
 * @returns [n, height', width', outputs]
 */
export function convolve(
  x: tf.Tensor4D,
  weight: tf.Tensor4D,
  { stride = 1, dilation = 1, groups = 1, padding }: Windows,
): tf.Tensor4D {
  return tf.tidy(() => {
    const filter = dilated(weight, dilation)
    const [input, pad] = padded(x, filter, stride, padding)
    if (groups === 1) return tf.conv2d<tf.Tensor4D>(input, filter, stride, pad)
    const [rows, columns, inputsEach, outputs] = filter.shape
    if (inputsEach === 1) {
      const byChannel = filter.reshape([rows, columns, groups, outputs / groups]) as tf.Tensor4D
      return tf.depthwiseConv2d<tf.Tensor4D>(input, byChannel, stride, pad)
    }
    const filters = tf.split<tf.Tensor4D>(filter, groups, 3)
    const parts = tf
      .split<tf.Tensor4D>(input, groups, 3)
      .map((part, group) => tf.conv2d<tf.Tensor4D>(part, filters[group]!, stride, pad))
    return tf.concat4d(parts, 3)
  })
}

/**
 * The filter with zeros between its pixels, whose plain convolution is the dilated one; TensorFlow.js
 * differentiates no other.
 *
 * @returns [(rows - 1) * dilation + 1, (columns - 1) * dilation + 1, inputs, outputs]
 */
function dilated(filter: tf.Tensor4D, dilation: number): tf.Tensor4D {
  if (dilation === 1) return filter
  const [rows, columns, inputs, outputs] = filter.shape
  const apart = tf.pad(filter.reshape([rows, 1, columns, inputs * outputs]), [
    [0, 0],
    [0, dilation - 1],
    [0, 0],
    [0, (dilation - 1) * inputs * outputs],
  ])
  const whole = apart.reshape([rows * dilation, columns * dilation, inputs, outputs]) as tf.Tensor4D
  const size = [(rows - 1) * dilation + 1, (columns - 1) * dilation + 1] as const
  return tf.slice(whole, [0, 0, 0, 0], [...size, inputs, outputs])
}

/** The input, and what TensorFlow is to pad: all of it where it can, so that nothing is copied. */
function padded(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  stride: number,
  padding: Padding,
): [tf.Tensor4D, 'same' | 'valid'] {
  if (typeof padding === 'string') return [x, padding]
  if (padding === 0) return [x, 'valid']
  const sides = [x.shape[1], x.shape[2]]
  const isSame = sides.every((side, axis) => samePadding(side, filter.shape[axis]!, stride) === 2 * padding)
  if (isSame) return [x, 'same']
  const both: [number, number] = [padding, padding]
  return [tf.pad(x, [[0, 0], both, both, [0, 0]]), 'valid']
}

/** The rows or columns that TensorFlow's `same` adds to a side. */
function samePadding(side: number, kernel: number, stride: number): number {
  return Math.max(0, (Math.ceil(side / stride) - 1) * stride + kernel - side)
}
