import { tf } from '@m2l/engine'
import type { CentredFolds } from './centred-folds.js'

/**
 * The negative squared distance to class means that are made unit again, since the mean of many is shorter,
 * and nearer to everything, than a single example: [folds, rows, ways].
 */
export function centredMeans({ examples, rows, weights, labels }: CentredFolds): tf.Tensor3D {
  const counted = tf.mul(labels, weights)
  const means = tf.div(counted, tf.maximum(tf.sum(counted, 1, true), 1e-12)) as tf.Tensor3D // [folds, images, ways]
  const squares = tf.sum(tf.mul(means, tf.matMul(examples, means)), 1, true) // [folds, 1, ways]
  const lengths = tf.sqrt(tf.maximum(squares, 1e-6))
  return tf.sub(tf.mul(tf.div(tf.matMul(rows, means), lengths), 2), 2) as tf.Tensor3D
}
