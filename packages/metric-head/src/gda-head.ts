import { solveSpd, tf } from '@m2l/engine'
import {
  centring,
  effectiveDimensions,
  halfExcess,
  isOneShot,
  meanCoefficients,
  ridgeOf,
  spreadOf,
  type Scatter,
} from './gaussian-scatter.js'
import { leftOutScores } from './gda-leave-one-out.js'
import { areWeighted } from './image-weights.js'
import type { Examples, LinearClassifier, LinearHead } from './linear-head.js'
import { nearestMeanScale } from './nearest-mean-scale.js'

/** Options of the Gaussian head. */
export interface GdaOptions {
  /**
   * How many independent features the scores are made of, which says how sure they are and changes no
   * ranking: `all` channels, as published, or as many as the examples scatter in (`effective`, if not given).
   */
  readonly dimensions?: 'all' | 'effective'
}

/** Matrices of so many numbers are solved at once. */
const numbersAtOnce = 4e6

/**
 * Gaussian classes of one covariance (Wang et al., "A Hard-to-Beat Baseline for Training-free CLIP-based
 * Adaptation", ICLR 2024, section 3.2, as released and without its text term): the score is q P m - m P m / 2
 * - log ways for the class's mean m and the precision P = d (ZᵀZ + tr(ZᵀZ) / (N - 1) I)⁻¹ of N examples, Z
 * being how they differ from their class's mean.
 *
 * P is never formed: by Woodbury's identity only a system of the examples' size is solved. One example a
 * class says nothing of how classes scatter; the head then is the nearest mean.
 *
 * The published d, the number of channels, takes channels for independent, so that nearly every probability
 * is 0 or 1. With `effective` d is tr(S)² / tr(S²) of the covariance S: where logits of two classes with
 * differences like those within classes have twice their mean as variance, as log likelihood ratios do. It is
 * divided by 1 + 1/k for the k examples of a mean, on average, since queries differ from such a mean by as
 * much more.
 */
export function gdaHead({ dimensions = 'effective' }: GdaOptions = {}): LinearHead {
  const dimensionsOf = (scatter: Scatter) =>
    dimensions === 'all' ? tf.scalar(scatter.channels) : effectiveDimensions(scatter)
  return {
    name: 'gda',
    features: 'unit',
    state: {},
    solve(examples) {
      const { gram, channels, shots, drawnShots } = examples
      if (isOneShot(shots)) return nearestMean(examples)
      const [ways, images] = [shots.length, gram.shape[0]]
      const means = meanCoefficients(shots) // [images, ways]
      const centre = centring(shots) // [images, images]
      const fromMeans = tf.matMul(centre, gram)
      const within = tf.matMul(fromMeans, centre) as tf.Tensor2D // Z Zᵀ
      const withMeans = tf.matMul(fromMeans, means) as tf.Tensor2D // Z m, [images, ways]
      const scatter = { within: tf.expandDims(within), ways: [ways], free: [images - ways], channels }
      const ridge = ridgeOf(scatter.within, images).reshape([])
      const inverse = solveSpd(
        tf.expandDims(tf.add(within, tf.mul(ridge, tf.eye(images)))) as tf.Tensor3D,
        tf.expandDims(withMeans) as tf.Tensor3D,
      ).squeeze<tf.Tensor2D>([0])
      const squared = tf.sum(tf.mul(means, tf.matMul(gram, means)), 0, true) // |m|², [1, ways]
      const factor = tf.div(dimensionsOf(scatter).reshape([]), ridge)
      const reach = tf.mul(factor, tf.sub(squared, tf.sum(tf.mul(withMeans, inverse), 0, true))) // m P m
      const bias = tf.sub(tf.mul(-0.5, reach), Math.log(ways))
      const coefficients = tf.mul(factor, tf.sub(means, tf.matMul(centre, inverse))) as tf.Tensor2D
      if (!areWeighted(shots, drawnShots)) return { coefficients, bias: bias as tf.Tensor2D }
      const spread = tf.mul(factor, spreadOf(scatter, ridge.reshape([1, 1, 1])).reshape([]))
      return {
        coefficients,
        bias: tf.sub(bias, tf.mul(halfExcess(shots, drawnShots), spread)) as tf.Tensor2D,
      }
    },
    leaveOneOut(examples, left) {
      const size = examples.gram.shape[0]
      const atOnce = Math.max(1, Math.floor(numbersAtOnce / size ** 2))
      const chunks: tf.Tensor2D[][] = []
      for (let start = 0; start < left.images.length; start += atOnce) {
        const images = left.images.slice(start, start + atOnce)
        chunks.push(tf.tidy(() => leftOutScores(examples, { ...left, images }, dimensionsOf)))
      }
      return left.draws.map((_, draw) => tf.concat(chunks.map((chunk) => chunk[draw]!)) as tf.Tensor2D)
    },
  }
}

/** The nearest mean of unit features: -s |q - m|², s as for the level of that name. */
function nearestMean({ gram, shots }: Examples): LinearClassifier {
  const means = meanCoefficients(shots)
  const squared = tf.sum(tf.mul(means, tf.matMul(gram, means)), 0, true)
  return {
    coefficients: tf.mul(2 * nearestMeanScale, means),
    bias: tf.mul(-nearestMeanScale, tf.add(squared, 1)) as tf.Tensor2D,
  }
}
