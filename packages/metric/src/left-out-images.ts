import { tf } from '@m2l/engine'

/**
 * Images of a support that are compared with it, each left out of its class, see `MetricLevel.leaveOneOut`.
 */
export interface LeftOutImages {
  /** For each query the row of the support that it is. */
  readonly images: readonly number[]
  /** Each as `drawnShots` of a support, Infinity for all images; there are scores for each. */
  readonly draws: readonly number[]
}

/** The class of each of some images of a support. */
export function classesOfImages(shots: readonly number[], images: readonly number[]): number[] {
  const labels = shots.flatMap((shot, label) => Array.from({ length: shot }, () => label))
  return images.map((image) => labels[image]!)
}

/**
 * The scores of all classes but the own one, which is taken from others.
 *
 * @param labels the own class of each query
 * @param own [queries, 1]
 * @param all [queries, ways]
 * @returns [queries, ways]
 */
export function withOwnScores(labels: readonly number[], own: tf.Tensor2D, all: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const isOwn = tf.oneHot(tf.tensor1d([...labels], 'int32'), all.shape[1], 1, 0, 'bool')
    return tf.where(isOwn, own, all) as tf.Tensor2D
  })
}
