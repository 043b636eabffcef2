import { tf } from '@m2l/engine'
import { l2Normalise } from './l2-normalise.js'
import { meanOfLargest } from './mean-of-largest.js'

/**
 * The image-to-class measure: each descriptor of a query looks for its nearest ones among all descriptors of a class.
 *
 * For each query descriptor and each class, the mean of the `neighbours` highest cosines; summed over the query's
 * descriptors. (Li et al., "Revisiting Local Descriptor based Image-to-Class Measure for Few-shot Learning", CVPR
 * 2019, section 3.3, where the sum runs over the k neighbours as well.)
 *
 * @param query [queries, descriptors, channels]
 * @param support [images, descriptors', channels], sorted by class
 * @param shots the number of images of each class
 * @param neighbours k; at most the number of descriptors of the smallest class
 * @returns [queries, ways]
 */
export function imageToClassScores(
  query: tf.Tensor3D,
  support: tf.Tensor3D,
  shots: readonly number[],
  neighbours = 1,
): tf.Tensor2D {
  return tf.tidy(() => {
    const [queries, descriptors] = query.shape
    const nearest = nearestByClass(
      descriptorCosines(query, support),
      shots.map((shot) => shot * support.shape[1]),
      neighbours,
    ) // [queries * descriptors, ways]
    return nearest.reshape([queries, descriptors, shots.length]).sum(1) as tf.Tensor2D
  })
}

/**
 * The cosines between all descriptors of queries and all of supports.
 *
 * @param query [queries, descriptors, channels]
 * @param support [images, descriptors', channels]
 * @returns [queries * descriptors, images * descriptors']
 */
export function descriptorCosines(query: tf.Tensor3D, support: tf.Tensor3D): tf.Tensor2D {
  return tf.tidy(() => {
    const rows = l2Normalise(query).reshape([-1, query.shape[2]])
    const columns = l2Normalise(support).reshape([-1, support.shape[2]])
    return tf.matMul(rows, columns, false, true) as tf.Tensor2D
  })
}

/** @returns [rows, ways], the mean of each row's highest values within each class's columns. */
function nearestByClass(cosines: tf.Tensor2D, columns: readonly number[], neighbours: number): tf.Tensor {
  const rows = cosines.shape[0]
  if (columns.every((count) => count === columns[0])) {
    return meanOfLargest(cosines.reshape([rows, columns.length, columns[0]!]), neighbours)
  }
  const classes = tf.split(cosines, [...columns], 1)
  return tf.stack(
    classes.map((ofClass) => meanOfLargest(ofClass, neighbours)),
    1,
  )
}
