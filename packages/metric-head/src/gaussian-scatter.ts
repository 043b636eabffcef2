import { solveSpd, tf } from '@m2l/engine'
import { oneHotLabels } from './linear-head.js'

/**
 * The least variance within classes, in total over the channels of unit features: what identical examples
 * count as.
 */
const leastVariance = 1e-4

/** How examples scatter around their means, in some supports. */
export interface Scatter {
  /** [some, images, images]: Z Zᵀ */
  readonly within: tf.Tensor
  /** For each, the number of classes. */
  readonly ways: readonly number[]
  /** For each, the number of examples less that of classes. */
  readonly free: readonly number[]
  readonly channels: number
}

/**
 * tr(S)² / tr(S²) of the covariance S of which the examples are a sample: tr(S²) without what few examples
 * add to it, which for normal features is exact in expectation; from 1 to the number of channels. Then
 * divided as {@link gdaHead} says.
 *
 * @returns [some, 1, 1]
 */
export function effectiveDimensions({ within, ways, free, channels }: Scatter): tf.Tensor {
  const each = (of: (count: number) => number) => tf.tensor3d(free.map((count) => [[of(count)]]))
  const trace = tf.square(
    tf.mul(
      traceOf(within),
      each((count) => 1 / count),
    ),
  ) // tr(S)²
  const squares = tf.mul(
    tf.sum(tf.square(within), [1, 2], true),
    each((count) => 1 / count ** 2),
  )
  const correction = each((count) => (count < 2 ? 1 : count ** 2 / ((count - 1) * (count + 2))))
  const chance = each((count) => (count < 2 ? 0 : 1 / count))
  const corrected = tf.mul(correction, tf.sub(squares, tf.mul(trace, chance))) // tr(S²)
  const numerator = tf.maximum(trace, leastVariance ** 2)
  const dimensions = tf.maximum(tf.div(numerator, tf.maximum(corrected, tf.div(numerator, channels))), 1)
  const sureness = free.map((count, index) => [[(count + ways[index]!) / (count + 2 * ways[index]!)]])
  return tf.mul(dimensions, tf.tensor3d(sureness))
}

/** @returns [some, 1, 1] */
function traceOf(matrices: tf.Tensor): tf.Tensor {
  return tf.sum(tf.mul(matrices, tf.eye(matrices.shape.at(-1)!)), [1, 2], true)
}

/** tr(Z Zᵀ) / (N - 1), [some, 1, 1]. */
export function ridgeOf(within: tf.Tensor, images: number): tf.Tensor {
  return tf.maximum(tf.div(traceOf(within), Math.max(1, images - 1)), leastVariance)
}

/**
 * tr(P S) of the covariance S within classes, times the ridge and divided by d: by how much the mean of one
 * image reaches too far.
 *
 * @param ridge [some, 1, 1]
 * @returns [some, 1, 1]
 */
export function spreadOf({ within, free }: Scatter, ridge: tf.Tensor): tf.Tensor {
  const [some, size] = within.shape as [number, number, number]
  const system = tf.add(within, tf.mul(ridge, tf.eye(size))) as tf.Tensor3D
  const inverse = solveSpd(system, tf.tile(tf.expandDims(tf.eye(size)), [some, 1, 1]) as tf.Tensor3D)
  const shares = tf.sub(size, tf.mul(ridge, traceOf(inverse)))
  return tf.mul(ridge, tf.mul(shares, tf.tensor3d(free.map((count) => [[1 / count]]))))
}

/** Half of 1/m - 1/n for classes of n images of which m are drawn, [1, ways]. */
export function halfExcess(shots: readonly number[], drawnShots: number): tf.Tensor2D {
  const halves = shots.map((shot) => (shot > drawnShots ? (1 / drawnShots - 1 / shot) / 2 : 0))
  return tf.tensor2d([halves])
}

/** Whether no class tells how it scatters. */
export function isOneShot(shots: readonly number[]): boolean {
  return shots.every((shot) => shot <= 1)
}

/** What the class means are made of, [images, ways]. */
export function meanCoefficients(shots: readonly number[]): tf.Tensor2D {
  return tf.div(oneHotLabels(shots), tf.tensor2d([shots.map((shot) => Math.max(1, shot))]))
}

/** What takes its class's mean from each image, [images, images]. */
export function centring(shots: readonly number[]): tf.Tensor2D {
  const labels = oneHotLabels(shots)
  return tf.sub(tf.eye(labels.shape[0]), tf.matMul(meanCoefficients(shots), labels, false, true))
}
