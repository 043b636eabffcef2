import type { tf } from '@m2l/engine'

/**
 * Every position of feature maps as a local descriptor, row by row.
 *
 * @param map [n, height, width, channels]
 * @returns [n, height * width, channels]
 */
export function descriptors(map: tf.Tensor4D): tf.Tensor3D {
  const [images, height, width, channels] = map.shape
  return map.reshape([images, height * width, channels])
}
