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
 * The linear probe LP++ without text (Huang et al., "LP++: A Surprisingly Strong Linear Probe for Few-Shot
 * CLIP", CVPR 2024, section 3): a softmax classifier of unit features that starts from the class means and
 * takes 300 steps of gradient descent with momentum .9 on the mean cross entropy of all examples, none longer
 * than the curvature allows: 4 N / lambda, the largest eigenvalue of the features' Gram matrix. What is
 * chosen on a validation set there (the epoch) does not exist here. With one or two examples a class, which a
 * classifier would only learn by heart, 1/2 |W|² is added to the sum of the cross entropies, as in logistic
 * regression.
 *
 * The bias is the weight of one more feature, which is 1, in the Gram matrix, too, without which a step could
 * be too long for it.
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
      const coefficients = descend(gram, shots, wholeSupport(shots, drawnShots)) as tf.Tensor2D
      return { coefficients, bias: tf.sum(coefficients, 0, true) as tf.Tensor2D }
    },
    leaveOneOut: ({ gram, shots }, left) =>
      leftOutLogits(shots, left, (folds) =>
        tf
          .matMul(tf.add(gram, 1), descend(gram, shots, folds))
          .reshape([gram.shape[0], folds.shots.length, shots.length]),
      ),
  }
}

/**
 * W = Xᵀ A: for A the gradient of the cross entropies' sum is probabilities less labels.
 *
 * @returns the coefficients A, [images, folds * ways]
 */
function descend(gram: tf.Tensor2D, shots: readonly number[], folds: Folds): tf.Tensor {
  const [images, count, ways] = [gram.shape[0], folds.shots.length, shots.length]
  return tf.tidy(() => {
    const flat = (x: tf.Tensor) => tf.add(x, tf.zeros([images, count, ways])).reshape([images, -1])
    const products = tf.add(gram, 1)
    const weights = tf.expandDims(tf.tensor2d(folds.weights as number[][]), 2) // [images, folds, 1]
    const isDecaying = folds.drawn.map((counts) => Math.max(...counts) <= 2)
    const decay = tf.tensor3d([isDecaying.map((decays) => [decays ? 1 : 0])]) // [1, folds, 1]
    const length = tf.div(4, tf.add(largestEigenvalue(products, weights), tf.mul(4, decay)))
    const force = flat(tf.mul(length, weights))
    const shrink = isDecaying.includes(true) ? flat(tf.mul(length, decay)) : undefined
    const labels = flat(tf.expandDims(oneHotLabels(shots), 1))
    const absent = absentClasses(folds)
    const softmax = (logits: tf.Tensor): tf.Tensor => {
      if (count === 1 && !absent) return tf.softmax(logits)
      const apart = logits.reshape([images, count, ways])
      return tf.softmax(absent ? tf.add(apart, absent) : apart).reshape([images, -1])
    }
    const advance = ({ coefficients, velocity }: Moving): Moving =>
      tf.tidy(() => {
        const error = tf.sub(softmax(tf.matMul(products, coefficients)), labels)
        const push = tf.mul(force, error)
        const pull = shrink ? tf.add(push, tf.mul(shrink, coefficients)) : push
        const next = tf.sub(tf.mul(momentum, velocity), pull)
        return { coefficients: tf.add(coefficients, next), velocity: next }
      })
    const ofClasses = tf.mul(weights, tf.expandDims(oneHotLabels(shots), 1))
    const means = tf.div(ofClasses, tf.maximum(tf.sum(ofClasses, 0, true), 1e-6))
    let moving: Moving = { coefficients: flat(means), velocity: tf.zeros([images, count * ways]) }
    for (let epoch = 0; epoch < epochs; epoch++) {
      const next = advance(moving)
      tf.dispose({ ...moving })
      moving = next
    }
    return moving.coefficients
  })
}

/** A classifier on its way, both [images, folds * ways]. */
type Moving = { readonly coefficients: tf.Tensor; readonly velocity: tf.Tensor }

/**
 * The largest eigenvalue of each fold's Gram matrix, by power iteration.
 *
 * @param gram [images, images]
 * @param weights [images, folds, 1], of the images in each fold
 * @returns [1, folds, 1]
 */
function largestEigenvalue(gram: tf.Tensor, weights: tf.Tensor): tf.Tensor {
  const roots = tf.sqrt(weights)
  const times = (x: tf.Tensor) => tf.matMul(gram, x.reshape([x.shape[0]!, -1])).reshape(x.shape)
  let vector: tf.Tensor = tf.div(roots, tf.norm(roots, 2, 0, true))
  let value: tf.Tensor = tf.scalar(0)
  for (let step = 0; step < powerSteps; step++) {
    const product = tf.mul(roots, times(tf.mul(roots, vector)))
    value = tf.norm(product, 2, 0, true)
    vector = tf.div(product, value)
  }
  return value
}
