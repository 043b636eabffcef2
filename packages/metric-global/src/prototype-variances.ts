import { tf } from '@m2l/engine'
import { prototypes } from '@m2l/metric'

/**
 * How much the mean of some images of a class varies with their choice: (1/m - 1/n) S^2 with the unbiased
 * variance S^2 of its n images and the m of `drawnShots`; 0 where m is n.
 *
 * @param features [images, channels], sorted by class
 * @param shots the number of images of each class
 * @param drawnShots all images of a class where it has no more
 * @returns [ways, channels]
 */
export function prototypeVariances(
  features: tf.Tensor2D,
  shots: readonly number[],
  drawnShots: number,
): tf.Tensor2D {
  return tf.tidy(() => {
    const factors = shots.map((shot) => [varianceFactor(shot, drawnShots)])
    return tf.mul(squaredDeviations(features, shots), tf.tensor2d(factors)) as tf.Tensor2D
  })
}

/** Prototypes that are without an image, one for each, and how much they vary. */
export interface PrototypesWithout {
  /** [queries, channels] */
  readonly means: tf.Tensor2D
  /** {@link prototypeVariances}, [queries, channels] */
  variances(drawnShots: number): tf.Tensor2D
}

/**
 * The prototype of each image's class without that image, by subtraction; of a class of one image it means
 * nothing.
 *
 * @param features [images, channels], sorted by class
 * @param labels the class of each image that is left out
 * @param own [queries, channels], the features of the images that are left out
 * @param shots the number of images of each class
 */
export function prototypesWithout(
  features: tf.Tensor2D,
  shots: readonly number[],
  own: tf.Tensor2D,
  labels: readonly number[],
): PrototypesWithout {
  const ofClass = tf.tensor1d([...labels], 'int32')
  const column = (of: (count: number) => number) => tf.tensor2d(labels.map((label) => [of(shots[label]!)])) // [queries, 1]
  const share = column((count) => count / Math.max(1, count - 1))
  const fromMean = tf.sub(own, tf.gather(prototypes(features, shots), ofClass)) // [queries, channels]
  return {
    means: tf.sub(own, tf.mul(fromMean, share)),
    variances(drawnShots) {
      const ofAll = tf.gather(squaredDeviations(features, shots), ofClass)
      const ofOthers = tf.relu(tf.sub(ofAll, tf.mul(tf.square(fromMean), share)))
      return tf.mul(
        ofOthers,
        column((count) => varianceFactor(count - 1, drawnShots)),
      )
    },
  }
}

/** @returns [ways, channels], the sums over the images of each class */
function squaredDeviations(features: tf.Tensor2D, shots: readonly number[]): tf.Tensor2D {
  const classes = tf.split(features, [...shots], 0)
  return tf.stack(
    classes.map((ofClass) => tf.sum(tf.square(tf.sub(ofClass, tf.mean(ofClass, 0, true))), 0)),
  ) as tf.Tensor2D
}

function varianceFactor(count: number, drawnShots: number): number {
  return count <= drawnShots ? 0 : (1 / drawnShots - 1 / count) / (count - 1)
}
