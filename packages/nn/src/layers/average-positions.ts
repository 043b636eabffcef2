import { tf } from '@m2l/engine'

/**
 * Weighted averages of the positions of feature maps.
 *
 * @param map [n, height, width, channels]
 * @param weights for each average those of the positions, row by row; they sum to 1
 * @returns [n, averages, channels]
 */
export function averagePositions(map: tf.Tensor4D, weights: number[][]): tf.Tensor3D {
  const [n, height, width, channels] = map.shape
  return tf.tidy(() => {
    const matrix = tf.tensor2d(weights) // [averages, height * width]
    const positions = map.reshape([n, height * width, channels])
    return tf.matMul(tf.tile(tf.expandDims(matrix, 0), [n, 1, 1]), positions) as tf.Tensor3D
  })
}
