import { tf } from '@m2l/engine'
import { absentClasses, leftOutLogits, wholeSupport, type Folds } from './folds.js'
import { oneHotLabels, type LinearHead } from './linear-head.js'

/** As published. */
const epochs = 300

/** As published. */
const momentum = 0.9

/** Of the power iteration; features of one network have a mean that dominates, so that it is quick. */
const powerSteps = 20

/**
 * The linear probe LP++ without text (Huang et al., "LP++: A Surprisingly Strong Linear Probe for Few-Shot CLIP", CVPR 2024,
 * section 3): a softmax classifier of unit features that starts from the class means and takes 300 steps of gradient descent
 * with momentum .9 on the mean cross entropy of all examples, none longer than the curvature allows: 4 N / lambda, the largest
 * eigenvalue of the features' Gram matrix. What is chosen on a validation set there (the epoch) does not exist here. With one or two
 * examples a class, which a classifier would only learn by heart, 1/2 |W|² is added to the sum of the cross entropies, as in
 * logistic regression.
 *
 * The bias starts at 0 and counts as one more feature, 1, in the Gram matrix, without which a step could be too long for it.
 *
 * For evaluation alone: no gradient is to follow the steps.
 */
export function probeHead(): LinearHead {
  return {
    name: 'probe',
    features: 'unit',
    state: {},
    trainable: false,
    solve: ({ gram, shots, drawnShots }) => {
      const { coefficients, bias } = descend(gram, shots, wholeSupport(shots, drawnShots))
      return { coefficients: coefficients.squeeze([1]), bias: bias.squeeze<tf.Tensor2D>([0]) }
    },
    leaveOneOut: ({ gram, shots }, left) =>
      leftOutLogits(shots, left, (folds) => {
        const { coefficients, bias } = descend(gram, shots, folds)
        return tf.add(times(gram, coefficients), bias)
      }),
  }
}

type Descended = {
  /** [images, folds, ways] */
  readonly coefficients: tf.Tensor3D
  /** [1, folds, ways] */
  readonly bias: tf.Tensor3D
}

/** W = Xᵀ A: the gradient of the cross entropies' sum is probabilities less labels for A, and their sum for the bias. */
function descend(gram: tf.Tensor2D, shots: readonly number[], folds: Folds): Descended {
  return tf.tidy(() => {
    const labels = tf.expandDims(oneHotLabels(shots), 1) // [images, 1, ways]
    const weights = tf.expandDims(tf.tensor2d(folds.weights as number[][]), 2) // [images, folds, 1]
    const ofClasses = tf.mul(weights, labels)
    const means = tf.div(ofClasses, tf.maximum(tf.sum(ofClasses, 0, true), 1e-6)) // [images, folds, ways]
    const decay = tf.tensor3d([folds.shots.map((counts) => [Math.max(...counts) <= 2 ? 1 : 0])]) // [1, folds, 1]
    const length = tf.div(4, tf.add(largestEigenvalue(tf.add(gram, 1), weights), tf.mul(4, decay)))
    const absent = absentClasses(folds)
    const advance = ({ coefficients, bias, ofCoefficients, ofBias }: Moving): Moving =>
      tf.tidy(() => {
        const logits = tf.add(times(gram, coefficients), bias)
        const probabilities = tf.softmax(absent ? tf.add(logits, absent) : logits)
        const error = tf.mul(weights, tf.sub(probabilities, labels))
        const nextOfCoefficients = tf.add(
          tf.mul(momentum, ofCoefficients),
          tf.add(error, tf.mul(decay, coefficients)),
        )
        const nextOfBias = tf.add(tf.mul(momentum, ofBias), tf.sum(error, 0, true))
        return {
          coefficients: tf.sub(coefficients, tf.mul(length, nextOfCoefficients)),
          bias: tf.sub(bias, tf.mul(length, nextOfBias)),
          ofCoefficients: nextOfCoefficients,
          ofBias: nextOfBias,
        } as Moving
      })
    const zero = tf.zeros([1, ...means.shape.slice(1)])
    let moving: Moving = {
      coefficients: tf.clone(means) as tf.Tensor3D,
      bias: zero as tf.Tensor3D,
      ofCoefficients: tf.zerosLike(means),
      ofBias: tf.clone(zero),
    }
    for (let epoch = 0; epoch < epochs; epoch++) {
      const next = advance(moving)
      tf.dispose({ ...moving })
      moving = next
    }
    return { coefficients: moving.coefficients, bias: moving.bias }
  })
}

/** A classifier on its way, with its velocity. */
type Moving = Descended & {
  readonly ofCoefficients: tf.Tensor
  readonly ofBias: tf.Tensor
}

/** @returns [rows, folds, ways] */
function times(matrix: tf.Tensor2D, x: tf.Tensor): tf.Tensor3D {
  const [, folds, ways] = x.shape as [number, number, number]
  return tf.matMul(matrix, x.reshape([x.shape[0]!, -1])).reshape([-1, folds, ways])
}

/**
 * The largest eigenvalue of each fold's Gram matrix, by power iteration.
 *
 * @param gram [images, images]
 * @param weights [images, folds, 1], of the images in each fold
 * @returns [1, folds, 1]
 */
function largestEigenvalue(gram: tf.Tensor, weights: tf.Tensor): tf.Tensor {
  const roots = tf.sqrt(weights)
  let vector: tf.Tensor = tf.div(roots, tf.norm(roots, 2, 0, true))
  let value: tf.Tensor = tf.scalar(0)
  for (let step = 0; step < powerSteps; step++) {
    const product = tf.mul(roots, times(gram as tf.Tensor2D, tf.mul(roots, vector)))
    value = tf.norm(product, 2, 0, true)
    vector = tf.div(product, value)
  }
  return value
}
