import { tf } from '@m2l/engine'
import { classesOfImages, type LeftOutImages } from '@m2l/metric'
import { imageWeights, shotsWithout } from './image-weights.js'

/** Supports that a head is fitted to at once: all are parts of one. */
export interface Folds {
  /** [images, folds]: by how much each image counts in each fold. */
  readonly weights: readonly (readonly number[])[]
  /** For each fold the number of images of each class. */
  readonly shots: readonly (readonly number[])[]
  /** The same of those that are drawn, where not all are. */
  readonly drawn: readonly (readonly number[])[]
}

/** The whole support as the only fold. */
export function wholeSupport(shots: readonly number[], drawnShots: number): Folds {
  const weights = imageWeights(shots, drawnShots).map((weight) => [weight])
  return { weights, shots: [shots], drawn: [shots.map((shot) => Math.min(shot, drawnShots))] }
}

/** For each image that is left out the support without it. */
export function supportsWithout(
  shots: readonly number[],
  images: readonly number[],
  drawnShots: number,
): Folds {
  const labels = classesOfImages(shots, images)
  const remaining = labels.map((label) => shotsWithout(shots, label))
  const ofFolds = remaining.map((counts, fold) => {
    const weights = imageWeights(counts, drawnShots)
    return weights.toSpliced(images[fold]!, 0, 0) // as many images as the support has
  })
  const weights = ofFolds[0]?.map((_, image) => ofFolds.map((fold) => fold[image]!)) ?? []
  const drawn = remaining.map((counts) => counts.map((shot) => Math.min(shot, drawnShots)))
  return { weights, shots: remaining, drawn }
}

/** Numbers of so many images, classes and folds are computed at once. */
const numbersAtOnce = 4e6

/**
 * The logits of images that are left out by heads that are fitted without them, some folds at a time.
 *
 * @param fit gives the logits of all images in all folds, [images, folds, ways]
 * @returns for each of `left.draws` [images left out, ways]
 */
export function leftOutLogits(
  shots: readonly number[],
  { images, draws }: LeftOutImages,
  fit: (folds: Folds) => tf.Tensor3D,
): tf.Tensor2D[] {
  const count = shots.reduce((sum, shot) => sum + shot, 0)
  const atOnce = Math.max(1, Math.floor(numbersAtOnce / (count * shots.length)))
  return draws.map((drawnShots) => {
    const chunks: tf.Tensor2D[] = []
    for (let start = 0; start < images.length; start += atOnce) {
      const some = images.slice(start, start + atOnce)
      chunks.push(
        tf.tidy(() => {
          const logits = fit(supportsWithout(shots, some, drawnShots))
          const rows = tf.tensor1d(
            some.map((image, fold) => image * some.length + fold),
            'int32',
          )
          return tf.gather(logits.reshape([-1, shots.length]), rows) as tf.Tensor2D
        }),
      )
    }
    return tf.concat(chunks) as tf.Tensor2D
  })
}

/**
 * What is added to logits so that classes without images have no probability, [1, folds, ways]; nothing where
 * there are none.
 */
export function absentClasses({ shots }: Folds): tf.Tensor3D | undefined {
  if (shots.every((counts) => counts.every((count) => count > 0))) return undefined
  return tf.tensor3d([shots.map((counts) => counts.map((count) => (count > 0 ? 0 : -1e9)))])
}
