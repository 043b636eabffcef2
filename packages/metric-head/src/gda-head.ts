import { solveSpd, tf } from '@m2l/engine'
import { classesOfImages, type LeftOutImages } from '@m2l/metric'
import { areWeighted, labelsOf, shotsWithout } from './image-weights.js'
import { oneHotLabels, type Examples, type LinearClassifier, type LinearHead } from './linear-head.js'
import { nearestMeanScale } from './nearest-mean-scale.js'

/** Options of the Gaussian head. */
export interface GdaOptions {
  /**
   * How many independent features the scores are made of, which says how sure they are and changes no ranking: `all` channels,
   * as published, or as many as the examples scatter in (`effective`, if not given).
   */
  readonly dimensions?: 'all' | 'effective'
}

/** The least variance within classes, in total over the channels of unit features: what identical examples count as. */
const leastVariance = 1e-4

/** Matrices of so many numbers are solved at once. */
const numbersAtOnce = 4e6

/**
 * Gaussian classes of one covariance (Wang et al., "A Hard-to-Beat Baseline for Training-free CLIP-based Adaptation", ICLR
 * 2024, section 3.2, as released and without its text term): the score is q P m - m P m / 2 - log ways for the class's mean m
 * and the precision P = d (ZᵀZ + tr(ZᵀZ) / (N - 1) I)⁻¹ of N examples, Z being how they differ from their class's mean.
 *
 * P is never formed: by Woodbury's identity only a system of the examples' size is solved. One example a class says nothing of
 * how classes scatter; the head then is the nearest mean.
 *
 * The published d, the number of channels, takes channels for independent, so that nearly every probability is 0 or 1. With
 * `effective` d is tr(S)² / tr(S²) of the covariance S: where logits of two classes with differences like those within classes
 * have twice their mean as variance, as log likelihood ratios do. It is divided by 1 + 1/k for the k examples of a mean, on
 * average, since queries differ from such a mean by as much more.
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

/** How examples scatter around their means, in some supports. */
interface Scatter {
  /** [some, images, images]: Z Zᵀ */
  readonly within: tf.Tensor
  /** For each, the number of classes. */
  readonly ways: readonly number[]
  /** For each, the number of examples less that of classes. */
  readonly free: readonly number[]
  readonly channels: number
}

/**
 * tr(S)² / tr(S²) of the covariance S of which the examples are a sample: tr(S²) without what few examples add to it, which for
 * normal features is exact in expectation; from 1 to the number of channels. Then divided as {@link gdaHead} says.
 *
 * @returns [some, 1, 1]
 */
function effectiveDimensions({ within, ways, free, channels }: Scatter): tf.Tensor {
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
function ridgeOf(within: tf.Tensor, images: number): tf.Tensor {
  return tf.maximum(tf.div(traceOf(within), Math.max(1, images - 1)), leastVariance)
}

/**
 * tr(P S) of the covariance S within classes, times the ridge and divided by d: by how much the mean of one image reaches too
 * far.
 *
 * @param ridge [some, 1, 1]
 * @returns [some, 1, 1]
 */
function spreadOf({ within, free }: Scatter, ridge: tf.Tensor): tf.Tensor {
  const [some, size] = within.shape as [number, number, number]
  const system = tf.add(within, tf.mul(ridge, tf.eye(size))) as tf.Tensor3D
  const inverse = solveSpd(system, tf.tile(tf.expandDims(tf.eye(size)), [some, 1, 1]) as tf.Tensor3D)
  const shares = tf.sub(size, tf.mul(ridge, traceOf(inverse)))
  return tf.mul(ridge, tf.mul(shares, tf.tensor3d(free.map((count) => [[1 / count]]))))
}

/** Half of 1/m - 1/n for classes of n images of which m are drawn, [1, ways]. */
function halfExcess(shots: readonly number[], drawnShots: number): tf.Tensor2D {
  const halves = shots.map((shot) => (shot > drawnShots ? (1 / drawnShots - 1 / shot) / 2 : 0))
  return tf.tensor2d([halves])
}

function isOneShot(shots: readonly number[]): boolean {
  return shots.every((shot) => shot <= 1)
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

/** What the class means are made of, [images, ways]. */
function meanCoefficients(shots: readonly number[]): tf.Tensor2D {
  return tf.div(oneHotLabels(shots), tf.tensor2d([shots.map((shot) => Math.max(1, shot))]))
}

/** What takes its class's mean from each image, [images, images]. */
function centring(shots: readonly number[]): tf.Tensor2D {
  const labels = oneHotLabels(shots)
  return tf.sub(tf.eye(labels.shape[0]), tf.matMul(meanCoefficients(shots), labels, false, true))
}

/**
 * The scores of images by the examples without each. Its class's mean m becomes m - z / (n - 1) for the image's difference z
 * from it, so that every difference of its class grows by that; all inner products follow from those with all images.
 *
 * @returns for each of `left.draws` [images left out, ways]
 */
function leftOutScores(
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
