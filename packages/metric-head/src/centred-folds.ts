import { tf } from '@m2l/engine'
import { classesOfImages, type LeftOutImages } from '@m2l/metric'
import { centredCosines } from './centred-products.js'
import { imageWeights, shotsWithout } from './image-weights.js'
import { oneHotLabels } from './linear-head.js'

/** Inner products of a support, and of what is compared with it; features are of unit length. */
export interface Compared {
  /** [1, rows, images] */
  readonly rows: tf.Tensor3D
  /** [1, rows, 1], of what is compared with itself */
  readonly squares: tf.Tensor3D
  /** [1, images, images] */
  readonly within: tf.Tensor3D
}

/** A support of which some images may be left out. */
export interface Supports {
  /** The number of images of each class, none left out. */
  readonly shots: readonly number[]
  /** [folds][images]: by how much each image counts, 0 where it is left out. */
  readonly weights: readonly (readonly number[])[]
  /** Whether no class has two images in any fold. */
  readonly oneShot: boolean
}

/** What a classifier is solved from in each fold: features less the mean of the fold's support, of unit length. */
export interface CentredFolds {
  /** [folds, images, images], cosines of the support */
  readonly examples: tf.Tensor3D
  /** [folds, rows, images], of what is compared with it */
  readonly rows: tf.Tensor3D
  /** [folds, images, 1], by how much each image counts */
  readonly weights: tf.Tensor3D
  /** The same, together 1 in a fold. */
  readonly shares: tf.Tensor3D
  /** [folds, images, ways], 1 for an image's class and 0 elsewhere */
  readonly labels: tf.Tensor3D
}

/** Gives scores by a classifier that is solved in each fold: [folds, rows, ways]. */
export type SolveFolds = (folds: CentredFolds) => tf.Tensor3D

/** Where no class has two images, there is nothing to solve: the negative squared distance to the class's image. */
export function foldScores(compared: Compared, supports: Supports, solve: SolveFolds): tf.Tensor3D {
  const folds = centredFolds(compared, supports)
  if (!supports.oneShot) return solve(folds)
  const present = tf.mul(folds.labels, tf.cast(tf.greater(folds.weights, 0), 'float32'))
  return tf.sub(tf.mul(tf.matMul(folds.rows, present), 2), 2) as tf.Tensor3D
}

export function centredFolds(compared: Compared, { shots, weights: counts }: Supports): CentredFolds {
  const ofFolds = (one: tf.Tensor3D) => tf.tile(one, [counts.length, 1, 1]) as tf.Tensor3D
  const weights = tf.expandDims(tf.tensor2d(counts as number[][]), 2) as tf.Tensor3D
  const shares = tf.div(weights, tf.sum(weights, 1, true)) as tf.Tensor3D
  const within = ofFolds(compared.within)
  const cosinesOf = (rows: tf.Tensor3D, squares: tf.Tensor3D) =>
    centredCosines({ rows: ofFolds(rows), squares: ofFolds(squares), within, shares })
  return {
    examples: cosinesOf(compared.within, diagonalOf(compared.within)),
    rows: cosinesOf(compared.rows, compared.squares),
    weights,
    shares,
    labels: ofFolds(tf.expandDims(oneHotLabels(shots)) as tf.Tensor3D),
  }
}

/** Numbers of so many images and folds are computed at once. */
const numbersAtOnce = 4e6

/**
 * The scores of images of a support by supports without them.
 *
 * @param gram [images, images], inner products of unit features
 * @returns for each of `left.draws` [images left out, ways]
 */
export function leftOutScores(
  gram: tf.Tensor2D,
  shots: readonly number[],
  { images, draws }: LeftOutImages,
  solve: SolveFolds,
): tf.Tensor2D[] {
  const within = tf.expandDims(gram) as tf.Tensor3D
  const atOnce = Math.max(1, Math.floor(numbersAtOnce / gram.shape[0] ** 2))
  const labels = classesOfImages(shots, images)
  return draws.map((drawnShots) => {
    const rows = images.map((image, index) => {
      const remaining = shotsWithout(shots, labels[index]!)
      const weights = imageWeights(remaining, drawnShots).toSpliced(image, 0, 0)
      return { index, image, weights, oneShot: remaining.every((shot) => shot <= 1) }
    })
    const scored: tf.Tensor2D[] = []
    const order: number[] = []
    for (const oneShot of [false, true]) {
      const some = rows.filter((row) => row.oneShot === oneShot)
      for (let start = 0; start < some.length; start += atOnce) {
        const folds = some.slice(start, start + atOnce)
        order.push(...folds.map(({ index }) => index))
        const supports = { shots, oneShot, weights: folds.map(({ weights }) => weights) }
        const own = folds.map(({ image }) => image)
        scored.push(tf.tidy(() => ownScores(within, supports, own, solve)))
      }
    }
    const back = images.map((_, index) => order.indexOf(index))
    return tf.gather(tf.concat(scored), tf.tensor1d(back, 'int32')) as tf.Tensor2D
  })
}

/** The scores of the image that each fold leaves out: [folds, ways]. */
function ownScores(
  within: tf.Tensor3D,
  supports: Supports,
  images: readonly number[],
  solve: SolveFolds,
): tf.Tensor2D {
  const all = foldScores({ rows: within, squares: diagonalOf(within), within }, supports, solve)
  const [, rows, ways] = all.shape
  const own = images.map((image, fold) => fold * rows + image)
  return tf.gather(all.reshape([-1, ways]), tf.tensor1d(own, 'int32')) as tf.Tensor2D
}

/** @returns [1, images, 1] */
function diagonalOf(gram: tf.Tensor3D): tf.Tensor3D {
  return tf.sum(tf.mul(gram, tf.eye(gram.shape[1])), 2, true) as tf.Tensor3D
}
