import { solveSpd, tf } from '@m2l/engine'
import { classesOfImages, type LeftOutImages } from '@m2l/metric'
import { learned } from '@m2l/nn'
import { areWeighted, imageWeights, shotsWithout } from './image-weights.js'
import { oneHotLabels, type LinearClassifier, type LinearHead } from './linear-head.js'

/**
 * How ridge regression is set up.
 *
 * `r2d2`: with a bias that is regularised as well (a column of ones), lambda for each image, and a scale and
 * an offset that are learned (Bertinetto et al., "Meta-learning with differentiable closed-form solvers",
 * ICLR 2019, section 3.2, as released). `metaoptnet`: without a bias, lambda for all images together, twice
 * the prediction, and a scale that is learned (Lee et al., "Meta-Learning with Differentiable Convex
 * Optimization", CVPR 2019, appendix, as released). `metaoptnet-r2d2`: the same without the factor of two,
 * which is that program's own R2D2.
 */
export type RidgeVariant = 'r2d2' | 'metaoptnet' | 'metaoptnet-r2d2'

/** Options of the ridge head. */
export interface RidgeOptions {
  /** `r2d2` if not given. */
  readonly variant?: RidgeVariant
  /**
   * How strongly weights are held near zero; 50 if not given, as released by both, or 1 for unit features.
   */
  readonly lambda?: number
  /** `none`, as published, if not given. */
  readonly normalise?: 'none' | 'l2n'
  /**
   * What predictions are multiplied by. If not given, 10 for unit features, which are those of a frozen
   * network; else it is learned with the backbone and starts, as released, at 10 for `r2d2` and at 1 for the
   * others.
   */
  readonly scale?: number
}

/**
 * Ridge regression of one-hot labels, solved in closed form in the space of the examples:
 * (X Xᵀ + lambda I)⁻¹ Y are the coefficients.
 */
export function ridgeHead({
  variant = 'r2d2',
  normalise = 'none',
  lambda = normalise === 'l2n' ? 1 : 50,
  scale: fixedScale = normalise === 'l2n' ? 10 : undefined,
}: RidgeOptions): LinearHead {
  const isR2d2 = variant === 'r2d2'
  const learnedScale =
    fixedScale === undefined ? learned('plain', () => tf.tensor1d([isR2d2 ? 10 : 1])) : undefined
  const offset = isR2d2 && learnedScale ? learned('plain', () => tf.tensor1d([0])) : undefined
  const factor = () => tf.mul(learnedScale?.value ?? fixedScale!, variant === 'metaoptnet' ? 2 : 1)
  const withOnes = (gram: tf.Tensor2D) => (isR2d2 ? tf.add(gram, 1) : gram) as tf.Tensor2D
  const asScores = (predictions: tf.Tensor2D): tf.Tensor2D => {
    const scaled = tf.mul(predictions, factor())
    return (offset ? tf.add(scaled, offset.value) : scaled) as tf.Tensor2D
  }
  /**
   * The released R2D2 divides features and labels by the root of the number of images, which makes lambda
   * grow with it.
   */
  const lambdaFor = (shots: readonly number[], drawnShots: number) => {
    const images = shots.reduce((sum, shot) => sum + Math.min(shot, drawnShots), 0)
    return isR2d2 ? lambda * Math.max(1, images) : lambda
  }
  return {
    name: 'ridge',
    features: normalise === 'l2n' ? 'unit' : 'as they are',
    state: { ...(learnedScale && { scale: learnedScale }), ...(offset && { bias: offset }) },
    solve({ gram, shots, drawnShots }): LinearClassifier {
      const roots = rootsOfWeights(shots, drawnShots)
      const system = weightedSystem(withOnes(gram), roots, lambdaFor(shots, drawnShots))
      const dual = tf.mul(solved(system, tf.mul(roots, oneHotLabels(shots))), roots) as tf.Tensor2D
      const coefficients = tf.mul(dual, factor()) as tf.Tensor2D
      if (!isR2d2) return { coefficients, bias: tf.zeros([1, shots.length]) }
      const bias = tf.sum(coefficients, 0, true)
      return { coefficients, bias: (offset ? tf.add(bias, offset.value) : bias) as tf.Tensor2D }
    },
    leaveOneOut: ({ gram, shots }, left) =>
      left.draws.map((drawnShots) => {
        const products = withOnes(gram)
        return asScores(
          leftOutPredictions(products, shots, left, drawnShots, (remaining) =>
            lambdaFor(remaining, drawnShots),
          ),
        )
      }),
  }
}

/** @returns [images, 1] */
function rootsOfWeights(shots: readonly number[], drawnShots: number): tf.Tensor2D {
  return tf.tensor2d(imageWeights(shots, drawnShots).map((weight) => [Math.sqrt(weight)]))
}

/** @returns [images, images] */
function weightedSystem(gram: tf.Tensor2D, roots: tf.Tensor2D, lambda: number): tf.Tensor2D {
  const weighted = tf.mul(tf.mul(gram, roots), tf.transpose(roots))
  return tf.add(weighted, tf.mul(lambda, tf.eye(gram.shape[0]))) as tf.Tensor2D
}

function solved(a: tf.Tensor2D, b: tf.Tensor): tf.Tensor2D {
  return solveSpd(tf.expandDims(a) as tf.Tensor3D, tf.expandDims(b) as tf.Tensor3D).squeeze([0])
}

/**
 * The predictions for images that are left out, by the inverse of the whole system: y - a / d for the image's
 * label y, its coefficients a and its entry d on the inverse's diagonal (Rasmussen and Williams, "Gaussian
 * Processes for Machine Learning", 2006, equation 5.12). Where images of a class count less than one, they
 * count more when one is left out: then there is a system for each class.
 *
 * @returns [images left out, ways]
 */
function leftOutPredictions(
  gram: tf.Tensor2D,
  shots: readonly number[],
  { images }: LeftOutImages,
  drawnShots: number,
  lambdaFor: (remaining: readonly number[]) => number,
): tf.Tensor2D {
  const labels = classesOfImages(shots, images)
  const predictionsWithout = (label: number): tf.Tensor2D => {
    const remaining = shotsWithout(shots, label)
    // The image that is left out counts as the others of its class do, which the result does not depend on.
    const weights = remaining.flatMap((shot, other) =>
      Array.from({ length: shots[other]! }, () => Math.min(1, drawnShots / Math.max(1, shot))),
    )
    const roots = tf.tensor2d(weights.map((weight) => [Math.sqrt(weight)]))
    const size = gram.shape[0]
    const inverse = solved(weightedSystem(gram, roots, lambdaFor(remaining)), tf.eye(size))
    const targets = tf.mul(roots, oneHotLabels(shots))
    const diagonal = tf.sum(tf.mul(inverse, tf.eye(size)), 1, true)
    const predicted = tf.sub(targets, tf.div(tf.matMul(inverse, targets), diagonal))
    return tf.div(predicted, roots)
  }
  const rows = tf.tensor1d([...images], 'int32')
  if (!areWeighted(shots, drawnShots)) return tf.gather(predictionsWithout(labels[0]!), rows)
  const classes = [...new Set(labels)]
  const ofClasses = tf.concat(classes.map((label) => tf.tidy(() => predictionsWithout(label)))) as tf.Tensor2D
  const total = gram.shape[0]
  return tf.gather(
    ofClasses,
    tf.tensor1d(
      images.map((image, index) => classes.indexOf(labels[index]!) * total + image),
      'int32',
    ),
  )
}
