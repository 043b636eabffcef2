import { tf } from '@m2l/engine'
import type { LeftOutImages } from '@m2l/metric'
import type { StateDict } from '@m2l/nn'

/**
 * A linear classifier by what it adds up: the score of a feature q for class c is the sum over supports x of
 * their coefficient times x q, plus the bias.
 */
export interface LinearClassifier {
  /** [images, ways] */
  readonly coefficients: tf.Tensor2D
  /** [1, ways] */
  readonly bias: tf.Tensor2D
}

/**
 * The examples that a head is solved from, by their inner products alone: its cost does not depend on the
 * channels.
 */
export interface Examples {
  /** [images, images], sorted by class */
  readonly gram: tf.Tensor2D
  /** The number of features of an image. */
  readonly channels: number
  /** The number of images of each class. */
  readonly shots: readonly number[]
  /** See `Support`; Infinity for all. */
  readonly drawnShots: number
}

/** A way to solve a linear classifier from examples. */
export interface LinearHead {
  readonly name: string
  /** What is compared: pooled features as they are, or divided by their Euclidean length. */
  readonly features: 'as they are' | 'unit'
  /** Weights that are learned with the backbone. */
  readonly state: StateDict
  readonly trainable?: false
  solve(examples: Examples): LinearClassifier
  /**
   * What each of some examples is given by the head that is solved without it, see `MetricLevel.leaveOneOut`.
   *
   * @returns for each of `left.draws` [images left out, ways]
   */
  leaveOneOut(examples: Omit<Examples, 'drawnShots'>, left: LeftOutImages): tf.Tensor2D[]
}

/**
 * The classes of examples as numbers.
 *
 * @returns [images, ways], 1 for an image's class and 0 elsewhere
 */
export function oneHotLabels(shots: readonly number[]): tf.Tensor2D {
  const ways = shots.length
  const rows = shots.flatMap((shot, label) =>
    Array.from({ length: shot }, () => Array.from({ length: ways }, (_, way) => (way === label ? 1 : 0))),
  )
  return tf.tensor2d(rows, [rows.length, ways])
}
