import { tf } from '@m2l/engine'
import { classesOfImages, type LeftOutImages } from '@m2l/metric'
import {
  diagonalOf,
  foldScores,
  type CentredClassifier,
  type Compared,
  type Supports,
} from './centred-folds.js'
import { chained, classesAmong } from './centred-scores.js'
import { equalDraws, type EqualDraws } from './equal-draws.js'
import { shotsWithout } from './image-weights.js'

/** Of more images those are not solved anew that draws leave out anyway. */
const mostSolvedAnew = 100

/** Numbers of so many images and folds are computed at once. */
const numbersAtOnce = 4e6

/**
 * The scores of images of a support by supports without them, each solved anew. Of many images, where there are several draws of an
 * image's class, those of the whole support say it that the image is not in.
 *
 * @param gram [images, images], inner products of unit features
 * @returns for each of `left.draws` [images left out, ways]
 */
export function leftOutScores(
  gram: tf.Tensor2D,
  shots: readonly number[],
  { images, draws }: LeftOutImages,
  classifier: CentredClassifier,
): tf.Tensor2D[] {
  const within = tf.expandDims(gram) as tf.Tensor3D
  const compared: Compared = { rows: within, squares: diagonalOf(within), within }
  const labels = classesOfImages(shots, images)
  const isMany = gram.shape[0] > mostSolvedAnew
  return draws.map((drawnShots) => {
    const ofAll = equalDraws(shots, drawnShots)
    const without = shots.map((_, label) => equalDraws(shotsWithout(shots, label), drawnShots))
    const count = Math.max(...labels.map((label) => without[label]!.length))
    const steps = Array.from({ length: count }, (_, step) => {
      const rows = images.map((image, row): LeftOut => {
        const isFree = isMany && Boolean(ofAll[step]?.isDrawn[image])
        const draw = isFree ? ofAll[step] : without[labels[row]!]![step]
        return { row, image, draw, isFree }
      })
      return {
        scores: tf.tidy(() => stepScores(compared, shots, rows, classifier)),
        among: tf.tensor2d(rows.map(({ draw }) => classesAmong(shots, draw?.classes))),
      }
    })
    return chained(steps, classifier.softness)
  })
}

/** An image that is left out, with what it is compared with in a step. */
interface LeftOut {
  /** Its place among those that are left out. */
  readonly row: number
  /** Its row in the support. */
  readonly image: number
  /** Nothing where the step is not for supports without the image. */
  readonly draw: EqualDraws | undefined
  /** Whether the draws are of the whole support, some of them without the image. */
  readonly isFree: boolean
}

/** The scores of one step: [images left out, ways]; of those that have no such step they mean nothing. */
function stepScores(
  compared: Compared,
  shots: readonly number[],
  rows: readonly LeftOut[],
  classifier: CentredClassifier,
): tf.Tensor2D {
  const free = rows.filter(({ isFree }) => isFree)
  const anew = rows.filter(({ draw, isFree }) => draw && !isFree)
  const folds = anew.flatMap(({ row, image, draw }) =>
    draw!.draws.map((weights): Fold => {
      return { row, image, oneShot: draw!.oneShot, weights: weights.toSpliced(image, 0, 0) }
    }),
  )
  const parts: tf.Tensor2D[] = []
  if (anew.length > 0) parts.push(meansOfRows(foldsScores(compared, shots, folds, classifier), folds))
  if (free.length > 0) {
    const images = free.map(({ image }) => image)
    parts.push(byDrawsWithout(compared, shots, free[0]!.draw!, images, classifier))
  }
  const order = [...anew, ...free].map(({ row }) => row)
  const places = rows.map(({ row }) => Math.max(0, order.indexOf(row)))
  return tf.gather(tf.concat(parts), tf.tensor1d(places, 'int32')) as tf.Tensor2D
}

/** A support without an image, or a draw from it. */
interface Fold {
  /** The place of the image among those that are left out. */
  readonly row: number
  /** Its row in the support. */
  readonly image: number
  readonly oneShot: boolean
  readonly weights: readonly number[]
}

/** What each fold says of the image that it leaves out: [folds, ways]. */
function foldsScores(
  compared: Compared,
  shots: readonly number[],
  folds: readonly Fold[],
  classifier: CentredClassifier,
): tf.Tensor2D {
  const atOnce = Math.max(1, Math.floor(numbersAtOnce / compared.within.shape[1] ** 2))
  const scored: tf.Tensor2D[] = []
  const order: number[] = []
  for (const oneShot of [false, true]) {
    const some = folds.flatMap((fold, index) => (fold.oneShot === oneShot ? [{ fold, index }] : []))
    for (let start = 0; start < some.length; start += atOnce) {
      const part = some.slice(start, start + atOnce)
      order.push(...part.map(({ index }) => index))
      const supports = { shots, oneShot, weights: part.map(({ fold }) => fold.weights) }
      const images = part.map(({ fold }) => fold.image)
      scored.push(tf.tidy(() => ownScores(compared, supports, images, classifier)))
    }
  }
  const back = folds.map(() => 0)
  for (const [place, index] of order.entries()) back[index] = place
  return tf.gather(tf.concat(scored), tf.tensor1d(back, 'int32')) as tf.Tensor2D
}

/** The scores of the image that each fold leaves out: [folds, ways]. */
function ownScores(
  compared: Compared,
  supports: Supports,
  images: readonly number[],
  classifier: CentredClassifier,
): tf.Tensor2D {
  const all = foldScores(compared, supports, classifier)
  const [, rows, ways] = all.shape
  const own = images.map((image, fold) => fold * rows + image)
  return tf.gather(all.reshape([-1, ways]), tf.tensor1d(own, 'int32')) as tf.Tensor2D
}

/** The mean over the folds of each row, in the order of rows. */
function meansOfRows(scores: tf.Tensor2D, folds: readonly Fold[]): tf.Tensor2D {
  const rows = [...new Set(folds.map(({ row }) => row))]
  if (rows.length === folds.length) return scores
  const shares = rows.map((row) => {
    const count = folds.filter((fold) => fold.row === row).length
    return folds.map((fold) => (fold.row === row ? 1 / count : 0))
  })
  return tf.matMul(tf.tensor2d(shares), scores) as tf.Tensor2D
}

/** What the draws that an image is not in say of it, in their mean: [images, ways]. */
function byDrawsWithout(
  { rows, squares, within }: Compared,
  shots: readonly number[],
  { draws, oneShot }: EqualDraws,
  images: readonly number[],
  classifier: CentredClassifier,
): tf.Tensor2D {
  const chosen = tf.tensor1d([...images], 'int32')
  const some: Compared = {
    rows: tf.gather(rows, chosen, 1) as tf.Tensor3D,
    squares: tf.gather(squares, chosen, 1) as tf.Tensor3D,
    within,
  }
  const scores = foldScores(some, { shots, weights: draws, oneShot }, classifier) // [draws, images, ways]
  const shares = draws.map((weights) => {
    return images.map((image) => {
      const count = draws.filter((other) => other[image] === 0).length
      return [weights[image] === 0 ? 1 / count : 0]
    })
  })
  return tf.sum(tf.mul(scores, tf.tensor3d(shares)), 0) as tf.Tensor2D
}
