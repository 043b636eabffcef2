import { tf } from '@m2l/engine'
import type { Layout } from './parameter.js'

/** For each layout, which axis in memory each axis in a file is. */
const axesOfFile: Readonly<Record<Layout, readonly number[] | undefined>> = {
  convolution: [3, 2, 0, 1],
  linear: [1, 0],
  plain: undefined,
}

/** For each layout, which axis in a file each axis in memory is. */
const axesOfMemory: typeof axesOfFile = { convolution: [2, 3, 1, 0], linear: [1, 0], plain: undefined }

/** The shape that a file gives to a tensor of this shape in memory. */
export function fileShape(shape: readonly number[], layout: Layout): readonly number[] {
  return axesOfFile[layout]?.map((axis) => shape[axis]!) ?? shape
}

/** A tensor from memory, PyTorch's way. */
export function inFileLayout(tensor: tf.Tensor, layout: Layout): tf.Tensor {
  const axes = axesOfFile[layout]
  return axes ? tf.transpose(tensor, [...axes]) : tensor
}

/** A tensor from a file, TensorFlow's way. */
export function inMemoryLayout(tensor: tf.Tensor, layout: Layout): tf.Tensor {
  const axes = axesOfMemory[layout]
  return axes ? tf.transpose(tensor, [...axes]) : tensor
}
