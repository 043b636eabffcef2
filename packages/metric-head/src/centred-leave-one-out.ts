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
import { labelsOf, shotsWithout } from './image-weights.js'

/** Of more images those are not solved anew that draws leave out anyway. */
const mostSolvedAnew = 100

/** Numbers of so many images and folds are computed at once. */
const numbersAtOnce = 4e6

/**
 * The scores of images of a support by supports without them, each solved anew. Of many images, where there
 * are several draws of an image's class, those of the whole support say it that the image is not in.
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
  const compared = comparedWithin(gram)
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

/**
 * The scores of images of a support by supports without their classes, one solved for each class.
 *
 * @param gram [images, images], inner products of unit features
 * @returns for each of `left.draws` [images left out, ways]; what is said of an image's own class means
 *   nothing
 */
export function scoresWithoutClass(
  gram: tf.Tensor2D,
  shots: readonly number[],
  { images, draws }: LeftOutImages,
  classifier: CentredClassifier,
): tf.Tensor2D[] {
  const compared = comparedWithin(gram)
  const labels = classesOfImages(shots, images)
  const classOfImage = labelsOf(shots)
  return draws.map((drawnShots) => {
    const without = shots.map((_, label) => equalDraws(shots.with(label, 0), drawnShots))
    const count = Math.max(...labels.map((label) => without[label]!.length))
    const steps = Array.from({ length: count }, (_, step) => {
      const folds = [...new Set(labels)].flatMap((label) => {
        const draw = without[label]![step]
        const left = images.flatMap((image, row) => (labels[row] === label ? [{ row, image }] : []))
        const start = classOfImage.indexOf(label)
        const none = Array.from({ length: shots[label]! }, () => 0)
        return (draw?.draws ?? []).map((weights): Fold => {
          return { left, oneShot: draw!.oneShot, weights: weights.toSpliced(start, 0, ...none) }
        })
      })
      return {
        scores: tf.tidy(() => inOrder(foldsScores(compared, shots, folds, classifier), images.length)),
        among: tf.tensor2d(labels.map((label) => classesAmong(shots, without[label]![step]?.classes))),
      }
    })
    return chained(steps, classifier.softness)
  })
}

function comparedWithin(gram: tf.Tensor2D): Compared {
  const within = tf.expandDims(gram) as tf.Tensor3D
  return { rows: within, squares: diagonalOf(within), within }
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
      return { left: [{ row, image }], oneShot: draw!.oneShot, weights: weights.toSpliced(image, 0, 0) }
    }),
  )
  const parts: RowScores[] = []
  if (anew.length > 0) parts.push(foldsScores(compared, shots, folds, classifier))
  if (free.length > 0) {
    const images = free.map(({ image }) => image)
    const scores = byDrawsWithout(compared, shots, free[0]!.draw!, images, classifier)
    parts.push({ rows: free.map(({ row }) => row), scores })
  }
  const all = {
    rows: parts.flatMap((part) => part.rows),
    scores: tf.concat(parts.map((part) => part.scores)) as tf.Tensor2D,
  }
  return inOrder(all, rows.length)
}

/** Scores of some of the images that are left out. */
interface RowScores {
  /** Their places among these. */
  readonly rows: readonly number[]
  /** [some, ways] */
  readonly scores: tf.Tensor2D
}

/** The scores of all images that are left out; of those that have none they mean nothing. */
function inOrder({ rows, scores }: RowScores, count: number): tf.Tensor2D {
  const places = Array.from({ length: count }, (_, row) => Math.max(0, rows.indexOf(row)))
  return tf.gather(scores, tf.tensor1d(places, 'int32')) as tf.Tensor2D
}

/** A support without some images, or a draw from it. */
interface Fold {
  /**
   * The images that it is asked of: their places among those that are left out, and their rows in the
   * support.
   */
  readonly left: readonly { readonly row: number; readonly image: number }[]
  readonly oneShot: boolean
  readonly weights: readonly number[]
}

/** What folds say of the images that they leave out, in the mean. */
function foldsScores(
  compared: Compared,
  shots: readonly number[],
  folds: readonly Fold[],
  classifier: CentredClassifier,
): RowScores {
  const atOnce = Math.max(1, Math.floor(numbersAtOnce / compared.within.shape[1] ** 2))
  const scored: tf.Tensor2D[] = []
  const rows: number[] = []
  for (const oneShot of [false, true]) {
    const some = folds.filter((fold) => fold.oneShot === oneShot)
    for (let start = 0; start < some.length; start += atOnce) {
      const part = some.slice(start, start + atOnce)
      const supports = { shots, oneShot, weights: part.map(({ weights }) => weights) }
      scored.push(tf.tidy(() => scoresOfLeft(compared, supports, part, classifier)))
      rows.push(...part.flatMap(({ left }) => left.map(({ row }) => row)))
    }
  }
  return meansOfRows(tf.concat(scored) as tf.Tensor2D, rows)
}

/** The scores of the images that each fold leaves out, fold by fold. */
function scoresOfLeft(
  compared: Compared,
  supports: Supports,
  folds: readonly Fold[],
  classifier: CentredClassifier,
): tf.Tensor2D {
  const all = foldScores(compared, supports, classifier)
  const [, rows, ways] = all.shape
  const own = folds.flatMap(({ left }, fold) => left.map(({ image }) => fold * rows + image))
  return tf.gather(all.reshape([-1, ways]), tf.tensor1d(own, 'int32')) as tf.Tensor2D
}

/** The mean of the scores of each row. */
function meansOfRows(scores: tf.Tensor2D, rows: readonly number[]): RowScores {
  const each = [...new Set(rows)]
  if (each.length === rows.length) return { rows, scores }
  const shares = each.map((row) => {
    const count = rows.filter((other) => other === row).length
    return rows.map((other) => (other === row ? 1 / count : 0))
  })
  return { rows: each, scores: tf.matMul(tf.tensor2d(shares), scores) as tf.Tensor2D }
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
