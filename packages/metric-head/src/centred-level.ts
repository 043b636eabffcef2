import { solveSpd, tf } from '@m2l/engine'
import {
  classesOfImages,
  defineLevel,
  l2Normalise,
  pooled,
  requireField,
  type Embedding,
  type LeftOutImages,
  type MetricLevel,
} from '@m2l/metric'
import { z } from 'zod'
import { centredCosines, centredProducts } from './centred-products.js'
import { imageWeights, shotsWithout } from './image-weights.js'
import { oneHotLabels } from './linear-head.js'

/** Options of the centred level. */
export interface CentredOptions {
  /** The name under which results show it; `centred` if not given. */
  readonly name?: string
  /** How strongly the regression holds its weights near zero; .3 if not given. */
  readonly lambda?: number
  /** Which of the features it compares, the end not included; all if not given. */
  readonly channels?: readonly [start: number, end: number]
}

/**
 * Compares unit features less their mean over the support, made unit again. Where a class has several images, by ridge regression
 * of the labels with a free bias; where all have one, by the negative squared distance, which asks for no choice.
 *
 * That the support's mean takes the place of the training classes' (see {@link centredCosines}) is what adapts a network that has
 * seen the world to the few classes at hand: what all of them share tells none apart.
 */
export function centredLevel({ name = 'centred', lambda = 0.3, channels }: CentredOptions = {}): MetricLevel {
  const features = (embedding: Embedding): tf.Tensor2D => {
    const map = requireField(embedding, 'map', name)
    const [start, end] = channels ?? [0, map.shape[3]]
    return l2Normalise(pooled(map).slice([0, start], [-1, end - start])) as tf.Tensor2D
  }
  return {
    name,
    needs: ['map'],
    state: {},
    joint: true,
    scores: ({ shots, drawnShots = Infinity, ...support }, query) =>
      tf.tidy(() => {
        const [images, queries] = [features(support), features(query)]
        const compared = {
          rows: tf.expandDims(products(queries, images)) as tf.Tensor3D,
          squares: tf.sum(tf.square(queries), 1, true).reshape<tf.Tensor3D>([1, -1, 1]),
          within: tf.expandDims(products(images, images)) as tf.Tensor3D,
        }
        const whole = {
          shots,
          weights: [imageWeights(shots, drawnShots)],
          oneShot: shots.every((shot) => shot <= 1),
        }
        return scoresOf(compared, whole, lambda).squeeze<tf.Tensor2D>([0])
      }),
    leaveOneOut: ({ shots, ...support }, _query, left) =>
      tf.tidy(() => {
        const images = features(support)
        return leftOutScores(products(images, images), shots, left, lambda)
      }),
  }
}

/** The centred level under its name in recipes. */
export const centredDefinition = defineLevel({
  name: 'centred',
  options: z.object({ lambda: z.number().min(1e-6).max(1e6).optional() }),
  create: ({ lambda }) => centredLevel(lambda === undefined ? {} : { lambda }),
})

/**
 * With more examples, they are not centred anew for each that is left out: the mean of all differs from that of the others by one
 * part in so many. What is left is the regression, which need not be solved anew.
 */
const mostCentredAnew = 100

/** Inner products of a support, and of what is compared with it. */
interface Compared {
  /** [1, rows, images] */
  readonly rows: tf.Tensor3D
  /** [1, rows, 1] */
  readonly squares: tf.Tensor3D
  /** [1, images, images] */
  readonly within: tf.Tensor3D
}

/** A support of which some images may be left out. */
interface Supports {
  /** The number of images of each class, none left out. */
  readonly shots: readonly number[]
  /** [folds][images]: by how much each image counts, 0 where it is left out. */
  readonly weights: readonly (readonly number[])[]
  /** Whether no class has two images in any fold. */
  readonly oneShot: boolean
}

/** @returns [folds, rows, ways] */
function scoresOf(compared: Compared, { shots, weights, oneShot }: Supports, lambda: number): tf.Tensor3D {
  const counts = tf.expandDims(tf.tensor2d(weights as number[][]), 2) as tf.Tensor3D // [folds, images, 1]
  const shares = tf.div(counts, tf.sum(counts, 1, true)) as tf.Tensor3D
  const labels = tf.tile(tf.expandDims(oneHotLabels(shots)), [weights.length, 1, 1]) as tf.Tensor3D
  const ofFolds = (one: tf.Tensor3D) => tf.tile(one, [weights.length, 1, 1]) as tf.Tensor3D
  const within = ofFolds(compared.within)
  const rows = ofFolds(compared.rows)
  const cosines = centredCosines({ rows, squares: ofFolds(compared.squares), within, shares })
  if (oneShot) {
    const present = tf.mul(labels, tf.cast(tf.greater(counts, 0), 'float32'))
    return tf.sub(tf.mul(tf.matMul(cosines, present), 2), 2) as tf.Tensor3D
  }
  const squares = ofFolds(diagonalOf(compared.within))
  const examples = centredCosines({ rows: within, squares, within, shares })
  const queries = centredProducts({ rows: cosines, within: examples, shares })
  const roots = tf.sqrt(counts)
  const system = tf.mul(
    tf.mul(centredProducts({ rows: examples, within: examples, shares }), roots),
    tf.transpose(roots, [0, 2, 1]),
  )
  const held = tf.add(system, tf.mul(lambda, tf.eye(within.shape[1]))) as tf.Tensor3D
  const offset = tf.matMul(shares, labels, true) // [folds, 1, ways]
  const dual = tf.mul(roots, solveSpd(held, tf.mul(roots, tf.sub(labels, offset)) as tf.Tensor3D))
  return tf.add(tf.matMul(queries, dual), offset) as tf.Tensor3D
}

/** Numbers of so many images and folds are computed at once. */
const numbersAtOnce = 4e6

/** @returns for each of `left.draws` [images left out, ways] */
function leftOutScores(
  gram: tf.Tensor2D,
  shots: readonly number[],
  { images, draws }: LeftOutImages,
  lambda: number,
): tf.Tensor2D[] {
  const within = tf.expandDims(gram) as tf.Tensor3D
  const total = gram.shape[0]
  const atOnce = Math.max(1, Math.floor(numbersAtOnce / total ** 2))
  const labels = classesOfImages(shots, images)
  if (total > mostCentredAnew && !shots.every((shot) => shot <= 1)) {
    const rows = tf.tensor1d([...images], 'int32')
    return draws.map((drawnShots) =>
      tf.tidy(() => tf.gather(predictedByOthers(within, shots, drawnShots, lambda), rows) as tf.Tensor2D),
    )
  }
  return draws.map((drawnShots) => {
    const rows = images.map((image, index) => {
      const remaining = shotsWithout(shots, labels[index]!)
      const weights = imageWeights(remaining, drawnShots).toSpliced(image, 0, 0)
      return { index, image, weights, oneShot: remaining.every((shot) => shot <= 1) }
    })
    const scored: tf.Tensor2D[] = []
    const order: number[] = []
    for (const oneShot of [false, true]) {
      const some = rows.filter((row) => row.oneShot === oneShot)
      for (let start = 0; start < some.length; start += atOnce) {
        const folds = some.slice(start, start + atOnce)
        order.push(...folds.map(({ index }) => index))
        scored.push(
          tf.tidy(() =>
            ownScores(
              within,
              { shots, oneShot, weights: folds.map(({ weights }) => weights) },
              folds.map(({ image }) => image),
              lambda,
            ),
          ),
        )
      }
    }
    const back = images.map((_, index) => order.indexOf(index))
    return tf.gather(tf.concat(scored), tf.tensor1d(back, 'int32')) as tf.Tensor2D
  })
}

/**
 * What the others predict for each image, by the regression on all: y - (y - p) / (1 - h) for its label y, its prediction p and its
 * share h in that (Allen, "The relationship between variable selection and data augmentation", Technometrics 1974).
 *
 * @returns [images, ways]
 */
function predictedByOthers(
  within: tf.Tensor3D,
  shots: readonly number[],
  drawnShots: number,
  lambda: number,
): tf.Tensor2D {
  const [, images] = within.shape
  const identity = tf.eye(images)
  const weights = tf.tensor2d(imageWeights(shots, drawnShots).map((weight) => [weight])) // [images, 1]
  const shares = tf.div(weights, tf.sum(weights)) as tf.Tensor2D
  const spread = tf.expandDims(shares) as tf.Tensor3D
  const cosines = centredCosines({ rows: within, squares: diagonalOf(within), within, shares: spread })
  const centred = centredProducts({ rows: cosines, within: cosines, shares: spread }).squeeze<tf.Tensor2D>([
    0,
  ])
  const roots = tf.sqrt(weights)
  const weigh = (matrix: tf.Tensor) => tf.mul(tf.mul(matrix, roots), tf.transpose(roots))
  const held = tf.add(weigh(centred), tf.mul(lambda, identity))
  const inverse = solveSpd(tf.expandDims(held) as tf.Tensor3D, tf.expandDims(identity) as tf.Tensor3D)
  const regression = tf.matMul(centred, weigh(inverse.squeeze([0])) as tf.Tensor2D) // [images, images]
  const ofOffset = tf.matMul(tf.sub(1, tf.sum(regression, 1, true)) as tf.Tensor2D, shares, false, true)
  const hat = tf.add(regression, ofOffset) as tf.Tensor2D // prediction = hat labels
  const labels = oneHotLabels(shots)
  const own = tf.sum(tf.mul(hat, identity), 1, true)
  const residuals = tf.div(tf.sub(labels, tf.matMul(hat, labels)), tf.maximum(tf.sub(1, own), 1e-6))
  return tf.sub(labels, residuals) as tf.Tensor2D
}

/** The scores of the image that each fold leaves out: [folds, ways]. */
function ownScores(
  within: tf.Tensor3D,
  supports: Supports,
  images: readonly number[],
  lambda: number,
): tf.Tensor2D {
  const all = scoresOf({ rows: within, squares: diagonalOf(within), within }, supports, lambda)
  const [, rows, ways] = all.shape
  const own = images.map((image, fold) => fold * rows + image)
  return tf.gather(all.reshape([-1, ways]), tf.tensor1d(own, 'int32')) as tf.Tensor2D
}

/** @returns [1, images, 1] */
function diagonalOf(gram: tf.Tensor3D): tf.Tensor3D {
  return tf.sum(tf.mul(gram, tf.eye(gram.shape[1])), 2, true) as tf.Tensor3D
}

/** @returns [rows, columns], the inner products of features */
function products(rows: tf.Tensor2D, columns: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(rows, columns, false, true) as tf.Tensor2D
}
