import { tf } from '@m2l/engine'
import { expectedNearestOfClasses } from './expected-nearest-of-classes.js'
import { l2Normalise } from './l2-normalise.js'
import type { LeftOutImages } from './left-out-images.js'
import { nearestOfClasses } from './nearest-of-classes.js'

/** How the image-to-class measure is computed. */
export interface ImageToClassOptions {
  /**
   * k, how many nearest descriptors of a class are averaged; 1 if not given. At most those of the smallest
   * class.
   */
  readonly neighbours?: number
  /**
   * The most memory, in MiB, that the cosines of query descriptors and support descriptors take at a time; 32
   * if not given. Beyond it they are computed for some query descriptors after the other, and so is the
   * gradient, which takes up to three times as much. The cosines of one query descriptor are never divided.
   */
  readonly memoryMib?: number
  /** See `Support`; all images of each class, as published, if not given. */
  readonly drawnShots?: number | undefined
}

/** What {@link ImageToClassOptions.memoryMib} is if not given. */
export const defaultCosinesMib = 32

/**
 * The image-to-class measure: each descriptor of a query looks for its nearest ones among all descriptors of
 * a class.
 *
 * For each query descriptor and each class, the mean of the `neighbours` highest cosines; summed over the
 * query's descriptors. (Li et al., "Revisiting Local Descriptor based Image-to-Class Measure for Few-shot
 * Learning", CVPR 2019, section 3.3, where the sum runs over the k neighbours as well.)
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
  { drawnShots = Infinity, ...options }: ImageToClassOptions = {},
): tf.Tensor2D {
  return tf.tidy(() => {
    const { rows, others, neighbours, rowsAtOnce, summed } = compared(query, support, options)
    if (shots.some((shot) => shot > drawnShots)) {
      const choice = { shots, neighbours, rowsAtOnce, draws: [drawnShots] }
      return summed(expectedNearestOfClasses(rows, others, choice)[0]!)
    }
    const columns = shots.map((shot) => shot * support.shape[1])
    return summed(nearestOfClasses(rows, others, { columns, neighbours, rowsAtOnce }))
  })
}

/**
 * The same for images of the support themselves, each of which is left out of its class.
 *
 * @param query [queries, descriptors, channels]
 * @param support [images, descriptors', channels], sorted by class
 * @param shots the number of images of each class
 * @returns for each of `draws` [queries, ways]
 */
export function imageToClassLeaveOneOut(
  query: tf.Tensor3D,
  support: tf.Tensor3D,
  shots: readonly number[],
  { images, draws }: LeftOutImages,
  options: Omit<ImageToClassOptions, 'drawnShots'> = {},
): tf.Tensor2D[] {
  return tf.tidy(() => {
    const { rows, others, neighbours, rowsAtOnce, summed } = compared(query, support, options)
    const leftOut = images.flatMap((image) => Array.from({ length: query.shape[1] }, () => image))
    const choice = { shots, neighbours, rowsAtOnce, draws, leftOut }
    return expectedNearestOfClasses(rows, others, choice).map(summed)
  })
}

/**
 * Descriptors as rows of unit length, how many of the query's are compared at once, and the sum of what they
 * give.
 */
function compared(
  query: tf.Tensor3D,
  support: tf.Tensor3D,
  { neighbours = 1, memoryMib = defaultCosinesMib }: ImageToClassOptions,
) {
  const [queries, descriptors, channels] = query.shape
  const rows = l2Normalise(query).reshape<tf.Tensor2D>([queries * descriptors, channels])
  const others = l2Normalise(support).reshape<tf.Tensor2D>([-1, channels])
  const bytesPerRow = others.shape[0] * Float32Array.BYTES_PER_ELEMENT
  const rowsAtOnce = Math.max(1, Math.floor((memoryMib * 2 ** 20) / bytesPerRow))
  /** [queries * descriptors, ways] to [queries, ways] */
  const summed = (nearest: tf.Tensor2D) =>
    nearest.reshape([queries, descriptors, nearest.shape[1]]).sum(1) as tf.Tensor2D
  return { rows, others, neighbours, rowsAtOnce, summed }
}
