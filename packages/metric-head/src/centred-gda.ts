import { solveSpd, tf } from '@m2l/engine'
import type { CentredFolds } from './centred-folds.js'

/**
 * A Gaussian of shared covariance around each class mean: score = qᵀ B μ - ½ μᵀ B μ with B = (Zᵀ Z + a I)⁻¹,
 * Z the examples less their class mean and a = tr(Zᵀ Z) / (N - 1) (Wang et al., "A Hard-to-Beat Baseline for
 * Training-free CLIP-based Adaptation", ICLR 2024, section 3.1). By Woodbury's identity B = (I - Zᵀ (Z Zᵀ + a
 * I)⁻¹ Z) / a, so that only inner products are needed.
 *
 * @returns [folds, rows, ways]
 */
export function centredGda({ examples, rows, weights, labels }: CentredFolds): tf.Tensor3D {
  const counted = tf.mul(labels, weights)
  const means = tf.div(counted, tf.maximum(tf.sum(counted, 1, true), 1e-12)) as tf.Tensor3D // [folds, images, ways]
  const ofClass = tf.matMul(labels, means, false, true) // [folds, images, images], the mean of an image's class
  const deviation = tf.sub(tf.eye(examples.shape[1]), ofClass) as tf.Tensor3D
  const roots = tf.sqrt(weights)
  const z = tf.mul(deviation, roots) as tf.Tensor3D // rows of Z as sums of examples
  const withZ = tf.matMul(examples, z, false, true) as tf.Tensor3D // [folds, images, images]
  const scatter = tf.matMul(z, withZ) as tf.Tensor3D
  const identity = tf.eye(examples.shape[1])
  const trace = tf.sum(tf.mul(scatter, identity), [1, 2], true)
  const degrees = tf.maximum(tf.sub(tf.sum(weights, 1, true), 1), 1e-6)
  const floor = tf.maximum(tf.div(trace, degrees), 1e-6) as tf.Tensor3D
  const toMeans = tf.matMul(examples, means) as tf.Tensor3D // [folds, images, ways]
  const solved = solveSpd(
    tf.add(scatter, tf.mul(floor, identity)) as tf.Tensor3D,
    tf.matMul(z, toMeans) as tf.Tensor3D,
  )
  const precise = tf.div(tf.sub(means, tf.matMul(z, solved, true)), floor) as tf.Tensor3D // B μ as sums of examples
  const squares = tf.sum(tf.mul(means, tf.matMul(examples, precise)), 1, true) // [folds, 1, ways]
  return tf.sub(tf.matMul(rows, precise), tf.div(squares, 2)) as tf.Tensor3D
}
