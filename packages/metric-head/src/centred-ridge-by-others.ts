import { solveSpd, tf } from '@m2l/engine'
import {
  centredFolds,
  diagonalOf,
  foldScores,
  type CentredClassifier,
  type Compared,
} from './centred-folds.js'
import { centredProducts } from './centred-products.js'
import { heldSystem, weighed } from './centred-ridge.js'
import { chained, classesAmong } from './centred-scores.js'
import { equalDraws } from './equal-draws.js'

/**
 * What the others predict for each image of a support by ridge regression, without solving anew for each.
 *
 * @param gram [images, images], inner products of unit features
 * @param classifier the same regression
 * @returns [images, ways]
 */
export function ridgeByOthers(
  gram: tf.Tensor2D,
  shots: readonly number[],
  drawnShots: number,
  lambda: number,
  classifier: CentredClassifier,
): tf.Tensor2D {
  const steps = equalDraws(shots, drawnShots).map(({ classes, draws, oneShot }) => {
    const scored = draws.map((weights) =>
      byOthersOfDraw({ gram, shots, weights, oneShot, lambda, classifier }),
    )
    return { scores: meanOfKnown(scored), among: tf.tensor2d([classesAmong(shots, classes)]) }
  })
  return chained(steps, classifier.softness)
}

interface DrawOptions {
  readonly gram: tf.Tensor2D
  readonly shots: readonly number[]
  readonly weights: readonly number[]
  readonly oneShot: boolean
  readonly lambda: number
  readonly classifier: CentredClassifier
}

interface DrawScores {
  /** [images, ways] */
  readonly scores: tf.Tensor2D
  /** [images], 0 where a draw says nothing of an image, since it is the only one of its class in it. */
  readonly isKnown: readonly number[]
}

function byOthersOfDraw({ gram, shots, weights, oneShot, lambda, classifier }: DrawOptions): DrawScores {
  const isKnown = weights.map((weight) => Number(!oneShot || weight === 0))
  const kept = weights.flatMap((weight, image) => (weight > 0 ? [image] : []))
  const ofKept = tf.tensor1d(kept, 'int32')
  const within = tf.gather(tf.gather(gram, ofKept), ofKept, 1)
  let image = 0
  const keptShots = shots.map((shot) => {
    const start = image
    image += shot
    return weights.slice(start, image).filter((weight) => weight > 0).length
  })
  const compared: Compared = {
    rows: tf.expandDims(tf.gather(gram, ofKept, 1)) as tf.Tensor3D,
    squares: diagonalOf(tf.expandDims(gram) as tf.Tensor3D),
    within: tf.expandDims(within) as tf.Tensor3D,
  }
  const keptWeights = kept.map((row) => weights[row]!)
  const supports = { shots: keptShots, weights: [keptWeights], oneShot }
  const drawn = oneShot ? undefined : drawnByOthers(compared.within, keptShots, keptWeights, lambda)
  if (drawn && kept.length === weights.length) return { scores: drawn, isKnown }
  const all = foldScores(compared, supports, classifier).squeeze<tf.Tensor2D>([0])
  if (!drawn) return { scores: all, isKnown }
  const rows = weights.map((weight, row) => (weight > 0 ? weights.length + kept.indexOf(row) : row))
  return { scores: tf.gather(tf.concat([all, drawn]), tf.tensor1d(rows, 'int32')) as tf.Tensor2D, isKnown }
}

/**
 * By the regression on all: y - (y - p) / (1 - h) for the label y of an image, its prediction p and its share
 * h in that (Allen, "The relationship between variable selection and data augmentation", Technometrics 1974).
 * The mean that is subtracted from features stays that of all, which differs from that of the others by one
 * part in so many.
 *
 * @param within [1, images, images]
 * @returns [images, ways]
 */
function drawnByOthers(
  within: tf.Tensor3D,
  shots: readonly number[],
  counts: readonly number[],
  lambda: number,
): tf.Tensor2D {
  const [, images] = within.shape
  const identity = tf.eye(images)
  const squares = tf.ones([1, images, 1]) as tf.Tensor3D
  const compared: Compared = { rows: within, squares, within }
  const supports = { shots, weights: [counts], oneShot: false }
  const { examples, weights, shares, labels } = centredFolds(compared, supports)
  const roots = tf.sqrt(weights)
  const products = centredProducts({ rows: examples, within: examples, shares })
  const inverse = solveSpd(heldSystem(products, roots, lambda), tf.expandDims(identity) as tf.Tensor3D)
  const regression = tf.matMul(products, weighed(inverse, roots)).squeeze<tf.Tensor2D>([0])
  const ofOffset = tf.matMul(tf.sub(1, tf.sum(regression, 1, true)), shares.squeeze([0]), false, true)
  const hat = tf.add(regression, ofOffset) as tf.Tensor2D // predictions = hat labels
  const own = tf.sum(tf.mul(hat, identity), 1, true)
  const truths = labels.squeeze<tf.Tensor2D>([0])
  const residuals = tf.div(tf.sub(truths, tf.matMul(hat, truths)), tf.maximum(tf.sub(1, own), 1e-6))
  return tf.sub(truths, residuals) as tf.Tensor2D
}

/** The mean of what draws say, of each image by those that say something of it. */
function meanOfKnown(draws: readonly DrawScores[]): tf.Tensor2D {
  if (draws.length === 1) return draws[0]!.scores
  const counts = draws[0]!.isKnown.map((_, image) => {
    return draws.reduce((sum, { isKnown }) => sum + isKnown[image]!, 0)
  })
  const parts = draws.map(({ scores, isKnown }) => {
    const shares = isKnown.map((known, image) => known / Math.max(1, counts[image]!))
    return tf.mul(scores, tf.tensor2d(shares, [shares.length, 1]))
  })
  return tf.addN(parts) as tf.Tensor2D
}
