import { solveSpd, tf } from '@m2l/engine'
import type { CentredFolds } from './centred-folds.js'
import { centredProducts } from './centred-products.js'

/** Ridge regression of one-hot labels with a free bias: [folds, rows, ways]. */
export function centredRidge(folds: CentredFolds, lambda: number): tf.Tensor3D {
  const { examples, rows, weights, shares, labels } = folds
  const roots = tf.sqrt(weights)
  const products = centredProducts({ rows: examples, within: examples, shares })
  const offset = tf.matMul(shares, labels, true) // [folds, 1, ways]
  const targets = tf.mul(roots, tf.sub(labels, offset)) as tf.Tensor3D
  const dual = tf.mul(roots, solveSpd(heldSystem(products, roots, lambda), targets))
  const queries = rows === examples ? products : centredProducts({ rows, within: examples, shares })
  return tf.add(tf.matMul(queries, dual), offset) as tf.Tensor3D
}

export function heldSystem(products: tf.Tensor3D, roots: tf.Tensor, lambda: number): tf.Tensor3D {
  return tf.add(weighed(products, roots), tf.mul(lambda, tf.eye(products.shape[1]))) as tf.Tensor3D
}

export function weighed(products: tf.Tensor3D, roots: tf.Tensor): tf.Tensor3D {
  return tf.mul(tf.mul(products, roots), tf.transpose(roots, [0, 2, 1])) as tf.Tensor3D
}
