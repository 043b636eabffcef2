import { solveSpd, tf } from '@m2l/engine'
import { classesOfImages, type LeftOutImages } from '@m2l/metric'
import {
  centring,
  halfExcess,
  isOneShot,
  meanCoefficients,
  ridgeOf,
  spreadOf,
  type Scatter,
} from './gaussian-scatter.js'
import { areWeighted, labelsOf, shotsWithout } from './image-weights.js'
import type { Examples } from './linear-head.js'
import { nearestMeanScale } from './nearest-mean-scale.js'

/**
 * The scores of images by the examples without each. Its class's mean m becomes m - z / (n - 1) for the
 * image's difference z from it, so that every difference of its class grows by that; all inner products
 * follow from those with all images.
 *
 * @returns for each of `left.draws` [images left out, ways]
 */
export function leftOutScores(
  { gram, channels, shots }: Omit<Examples, 'drawnShots'>,
  { images, draws }: LeftOutImages,
  dimensionsOf: (scatter: Scatter) => tf.Tensor,
): tf.Tensor2D[] {
  const [size, ways, some] = [gram.shape[0], shots.length, images.length]
  const labels = classesOfImages(shots, images)
  const all = labelsOf(shots)
  const remaining = labels.map((label) => shotsWithout(shots, label))
  const shares = labels.map(
    (label) => 1 / Math.max(1, shots[label]! - 1) / (shots[label]! > 1 ? 1 : Infinity),
  )
  const rows = tf.tensor1d([...images], 'int32')
  const own = tf.tensor2d(
    labels.map((label, index) => shots.map((_, way) => (way === label ? shares[index]! : 0))),
  )
  const keep = tf.tensor2d(images.map((image) => all.map((_, other) => (other === image ? 0 : 1))))
  const grow = tf.tensor2d(
    images.map((image, index) =>
      all.map((label, other) => (label === labels[index] && other !== image ? shares[index]! : 0)),
    ),
  ) // [some, images]

  const means = meanCoefficients(shots)
  const centre = centring(shots)
  const fromMeans = tf.matMul(centre, gram) // z of the row and x of the column
  const within = tf.matMul(fromMeans, centre)
  const withMeans = tf.matMul(fromMeans, means) // [images, ways]
  const ownWithin = tf.gather(within, rows) // [some, images]
  const ownSquare = tf.sum(tf.mul(ownWithin, tf.sub(1, keep)), 1, true) // |z|², [some, 1]
  const ownWithMeans = tf.gather(withMeans, rows) // [some, ways]
  const withImage = tf.gather(tf.transpose(fromMeans), rows) // [some, images]
  const ownWithImage = tf.sum(tf.mul(withImage, tf.sub(1, keep)), 1, true) // z x, [some, 1]

  const grown = tf.add(ownWithin, tf.mul(grow, ownSquare)) // [some, images]
  const kept = (x: tf.Tensor) => tf.mul(x, tf.expandDims(keep, 2))
  const outer = (a: tf.Tensor, b: tf.Tensor) => tf.mul(tf.expandDims(a, 2), tf.expandDims(b, 1))
  const changed = tf.add(tf.add(tf.expandDims(within), outer(ownWithin, grow)), outer(grow, grown))
  const remainingWithin = tf.mul(kept(changed), tf.expandDims(keep, 1)) // [some, images, images]
  const toMeans = kept(
    tf.sub(tf.add(tf.expandDims(withMeans), outer(grow, ownWithMeans)), outer(grown, own)),
  ) as tf.Tensor3D // [some, images, ways]
  const toImage = tf.expandDims(tf.mul(tf.add(withImage, tf.mul(grow, ownWithImage)), keep), 1) // [some, 1, images]
  const imageToMeans = tf.sub(tf.gather(tf.matMul(gram, means), rows), tf.mul(own, ownWithImage)) // [some, ways]
  const squared = tf.add(
    tf.sub(tf.sum(tf.mul(means, tf.matMul(gram, means)), 0, true), tf.mul(tf.mul(2, own), ownWithMeans)),
    tf.mul(tf.square(own), ownSquare),
  ) // [some, ways]

  const presentWays = remaining.map((counts) => counts.filter((count) => count > 0).length)
  const free = presentWays.map((present) => Math.max(1, size - 1 - present))
  const scatter = { within: remainingWithin, ways: presentWays, free, channels }
  const ridge = ridgeOf(remainingWithin, size - 1) // [some, 1, 1]
  const inverse = solveSpd(tf.add(remainingWithin, tf.mul(ridge, tf.eye(size))) as tf.Tensor3D, toMeans)
  const factor = tf.squeeze(tf.div(dimensionsOf(scatter), ridge), [2]) // [some, 1]
  const reached = tf.matMul(toImage, inverse).reshape([some, ways])
  const reach = tf.sub(squared, tf.sum(tf.mul(toMeans, inverse), 1))
  const perImage = (values: readonly number[]) => tf.tensor2d(values.map((value) => [value])) // [some, 1]
  const prior = perImage(presentWays.map((count) => -Math.log(count)))
  const gaussian = tf.add(tf.mul(factor, tf.sub(tf.sub(imageToMeans, reached), tf.mul(0.5, reach))), prior)
  const nearest = tf.mul(-nearestMeanScale, tf.add(tf.sub(squared, tf.mul(2, imageToMeans)), 1))
  const isNearest = perImage(remaining.map((counts) => (isOneShot(counts) ? 1 : 0)))
  const isWeighted = draws.some((drawn) => remaining.some((counts) => areWeighted(counts, drawn)))
  const spread = isWeighted ? tf.mul(factor, tf.squeeze(spreadOf(scatter, ridge), [2])) : undefined // [some, 1]
  return draws.map((drawnShots) => {
    const excess = tf.concat(remaining.map((counts) => halfExcess(counts, drawnShots)))
    const scores = spread ? tf.sub(gaussian, tf.mul(excess, spread)) : gaussian
    return tf.add(tf.mul(isNearest, nearest), tf.mul(tf.sub(1, isNearest), scores)) as tf.Tensor2D
  })
}
