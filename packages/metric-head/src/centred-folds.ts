import { tf } from '@m2l/engine'
import { centredCosines } from './centred-products.js'
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

/**
 * What a classifier is solved from in each fold: features less the mean of the fold's support, of unit
 * length.
 */
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

/** What is solved in each fold. */
export interface CentredClassifier {
  /** @returns [folds, rows, ways], scores */
  readonly solve: (folds: CentredFolds) => tf.Tensor3D
  /** By how much its scores differ where one class is e times as probable as another. */
  readonly softness: number
}

/**
 * The same of squared distances between centred features; ours, three times that of features that are not
 * centred.
 */
export const softnessOfDistances = 0.3

/**
 * Where no class has two images, there is nothing to solve: the negative squared distance to the class's
 * image.
 */
export function foldScores(
  compared: Compared,
  supports: Supports,
  { solve, softness }: CentredClassifier,
): tf.Tensor3D {
  const folds = centredFolds(compared, supports)
  if (!supports.oneShot) return solve(folds)
  const present = tf.mul(folds.labels, tf.cast(tf.greater(folds.weights, 0), 'float32'))
  const distances = tf.sub(tf.mul(tf.matMul(folds.rows, present), 2), 2)
  return tf.mul(distances, softness / softnessOfDistances) as tf.Tensor3D
}

export function centredFolds(compared: Compared, { shots, weights: counts }: Supports): CentredFolds {
  const ofFolds = (one: tf.Tensor3D) => tf.tile(one, [counts.length, 1, 1]) as tf.Tensor3D
  const weights = tf.expandDims(tf.tensor2d(counts as number[][]), 2) as tf.Tensor3D
  const shares = tf.div(weights, tf.sum(weights, 1, true)) as tf.Tensor3D
  const within = ofFolds(compared.within)
  const cosinesOf = (rows: tf.Tensor3D, squares: tf.Tensor3D) =>
    centredCosines({ rows: ofFolds(rows), squares: ofFolds(squares), within, shares })
  const examples = cosinesOf(compared.within, diagonalOf(compared.within))
  return {
    examples,
    rows: compared.rows === compared.within ? examples : cosinesOf(compared.rows, compared.squares),
    weights,
    shares,
    labels: ofFolds(tf.expandDims(oneHotLabels(shots)) as tf.Tensor3D),
  }
}

/** @returns [1, images, 1] */
export function diagonalOf(gram: tf.Tensor3D): tf.Tensor3D {
  return tf.sum(tf.mul(gram, tf.eye(gram.shape[1])), 2, true) as tf.Tensor3D
}
