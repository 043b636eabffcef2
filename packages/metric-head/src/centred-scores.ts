import { tf } from '@m2l/engine'
import { foldScores, type CentredClassifier, type Compared } from './centred-folds.js'
import { equalDraws } from './equal-draws.js'

/**
 * Scores by classifiers that are solved from draws of equal numbers, see {@link equalDraws}; where one draw
 * is of all images, by one that is solved from all.
 *
 * @param shots the number of images of each class
 * @returns [rows, ways]
 */
export function centredScores(
  compared: Compared,
  shots: readonly number[],
  drawnShots: number,
  classifier: CentredClassifier,
): tf.Tensor2D {
  const steps = equalDraws(shots, drawnShots).map(({ classes, draws, oneShot }) => ({
    scores: tf.mean(foldScores(compared, { shots, weights: draws, oneShot }, classifier), 0) as tf.Tensor2D,
    among: tf.tensor2d([classesAmong(shots, classes)]),
  }))
  return chained(steps, classifier.softness)
}

/** What one of several steps says, see {@link equalDraws}. */
export interface StepScores {
  /** [rows, ways] */
  readonly scores: tf.Tensor2D
  /** [rows or 1, ways], 1 for the classes that the step compares and 0 for others */
  readonly among: tf.Tensor2D
}

/** For each class 1 where it is one of those that are compared, 0 elsewhere. */
export function classesAmong(shots: readonly number[], compared: readonly number[] = []): number[] {
  return shots.map((_, label) => Number(compared.includes(label)))
}

/** The scores of the first step, those of the classes that later ones compare refined by these. */
export function chained([first, ...finer]: readonly StepScores[], softness: number): tf.Tensor2D {
  return finer.reduce((scores, step) => refined(scores, step, softness), first!.scores)
}

/**
 * Scores of which those of some classes give way to better ones: how probable it is that one of them is right
 * stays as it was, which of them it is the better ones say.
 */
function refined(scores: tf.Tensor2D, { scores: better, among }: StepScores, softness: number): tf.Tensor2D {
  const soften = (some: tf.Tensor2D) => {
    const ofOthers = tf.mul(tf.sub(among, 1), 1e6)
    return tf.mul(tf.logSumExp(tf.add(tf.div(some, softness), ofOthers), 1, true), softness)
  }
  const moved = tf.add(better, tf.sub(soften(scores), soften(better)))
  const isAmong = tf.logicalAnd(tf.cast(among, 'bool'), tf.onesLike(scores).cast('bool'))
  return tf.where(isAmong, moved, scores) as tf.Tensor2D
}
