import { solveSpd, tf } from '@m2l/engine'
import { centredFolds, type CentredFolds, type Compared } from './centred-folds.js'
import { centredProducts } from './centred-products.js'
import { imageWeights } from './image-weights.js'

/** Ridge regression of one-hot labels with a free bias: [folds, rows, ways]. */
export function centredRidge(folds: CentredFolds, lambda: number): tf.Tensor3D {
  const { examples, rows, weights, shares, labels } = folds
  const roots = tf.sqrt(weights)
  const products = centredProducts({ rows: examples, within: examples, shares })
  const offset = tf.matMul(shares, labels, true) // [folds, 1, ways]
  const targets = tf.mul(roots, tf.sub(labels, offset)) as tf.Tensor3D
  const dual = tf.mul(roots, solveSpd(heldSystem(products, roots, lambda), targets))
  const queries = centredProducts({ rows, within: examples, shares })
  return tf.add(tf.matMul(queries, dual), offset) as tf.Tensor3D
}

/**
 * What the others predict for each image, by the regression on all: y - (y - p) / (1 - h) for its label y, its prediction p and its
 * share h in that (Allen, "The relationship between variable selection and data augmentation", Technometrics 1974). The mean that
 * is subtracted from features stays that of all, which differs from that of the others by one part in so many.
 *
 * @param within [1, images, images]
 * @returns [images, ways]
 */
export function ridgeByOthers(
  within: tf.Tensor3D,
  shots: readonly number[],
  drawnShots: number,
  lambda: number,
): tf.Tensor2D {
  const [, images] = within.shape
  const identity = tf.eye(images)
  const squares = tf.ones([1, images, 1]) as tf.Tensor3D
  const compared: Compared = { rows: within, squares, within }
  const supports = { shots, weights: [imageWeights(shots, drawnShots)], oneShot: false }
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

function heldSystem(products: tf.Tensor3D, roots: tf.Tensor, lambda: number): tf.Tensor3D {
  return tf.add(weighed(products, roots), tf.mul(lambda, tf.eye(products.shape[1]))) as tf.Tensor3D
}

function weighed(products: tf.Tensor3D, roots: tf.Tensor): tf.Tensor3D {
  return tf.mul(tf.mul(products, roots), tf.transpose(roots, [0, 2, 1])) as tf.Tensor3D
}
