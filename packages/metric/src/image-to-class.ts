import { tf } from '@m2l/engine'
import { l2Normalise } from './l2-normalise.js'
import { nearestOfClasses } from './nearest-of-classes.js'

/** How the image-to-class measure is computed. */
export interface ImageToClassOptions {
  /** k, how many nearest descriptors of a class are averaged; 1 if not given. At most those of the smallest class. */
  readonly neighbours?: number
  /**
   * The most memory, in MiB, that the cosines of query descriptors and support descriptors take at a time; 32 if not
   * given. Beyond it they are computed for some query descriptors after the other, and so is the gradient, which takes
   * up to three times as much. The cosines of one query descriptor are never divided.
   */
  readonly memoryMib?: number
}

/** What {@link ImageToClassOptions.memoryMib} is if not given. */
export const defaultCosinesMib = 32

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
 * @returns [queries, ways]
 */
export function imageToClassScores(
  query: tf.Tensor3D,
  support: tf.Tensor3D,
  shots: readonly number[],
  { neighbours = 1, memoryMib = defaultCosinesMib }: ImageToClassOptions = {},
): tf.Tensor2D {
  return tf.tidy(() => {
    const [queries, descriptors, channels] = query.shape
    const queryRows = l2Normalise(query).reshape([queries * descriptors, channels]) as tf.Tensor2D
    const supportRows = l2Normalise(support).reshape([-1, channels]) as tf.Tensor2D
    const columns = shots.map((shot) => shot * support.shape[1])
    const bytesPerRow = supportRows.shape[0] * Float32Array.BYTES_PER_ELEMENT
    const rowsAtOnce = Math.max(1, Math.floor((memoryMib * 2 ** 20) / bytesPerRow))
    const nearest = nearestOfClasses(queryRows, supportRows, { columns, neighbours, rowsAtOnce }) // [queries * descriptors, ways]
    return nearest.reshape([queries, descriptors, shots.length]).sum(1) as tf.Tensor2D
  })
}
