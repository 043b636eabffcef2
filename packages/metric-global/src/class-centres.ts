import { tf } from '@m2l/engine'
import { classesOfImages, prototypes, withOwnScores, type LeftOutImages } from '@m2l/metric'
import type { PrototypeRefinement } from './prototype-refinement.js'
import { prototypesWithout, prototypeVariances } from './prototype-variances.js'
import type { Centres, Similarity } from './similarities.js'

/** What class centres are made of. */
export interface CentreSource {
  /** [images, channels], sorted by class */
  readonly support: tf.Tensor2D
  readonly shots: readonly number[]
  /** See `Support`; Infinity for all. */
  readonly drawnShots: number
  /** [images, channels], the unlabelled ones that refine the prototypes. */
  readonly others: tf.Tensor2D | undefined
  readonly refinement: PrototypeRefinement
}

/**
 * The prototypes of the classes. Where fewer images are drawn than a class has, they are the same means,
 * which scatter as those of so many images would; in the refinement by unlabelled images, where that is left
 * out, they weigh no more.
 */
export function classCentres(source: CentreSource): Centres {
  const { support, shots, drawnShots, others, refinement } = source
  const means = prototypes(support, shots)
  if (others) {
    const weights = shots.map((shot) => Math.min(shot, drawnShots))
    return { means: refinement.apply(means, weights, others) }
  }
  if (shots.every((shot) => shot <= drawnShots)) return { means }
  return { means, spread: tf.sum(prototypeVariances(support, shots, drawnShots), 1, true) as tf.Tensor2D }
}

/** What is compared when images of the support are left out in turn. */
interface LeaveOneOutSource extends Pick<CentreSource, 'support' | 'shots'> {
  /** [queries, channels], their features */
  readonly query: tf.Tensor2D
  readonly left: LeftOutImages
}

/** @returns for each of `left.draws` [queries, ways] */
export function centresLeaveOneOut(similarity: Similarity, source: LeaveOneOutSource): tf.Tensor2D[] {
  const { support, shots, query, left } = source
  const labels = classesOfImages(shots, left.images)
  const means = prototypes(support, shots)
  const without = prototypesWithout(support, shots, query, labels)
  return left.draws.map((drawnShots) => {
    const spreadOf = (variances: tf.Tensor2D) => tf.sum(variances, 1, true) as tf.Tensor2D
    const ofAll = { means, spread: spreadOf(prototypeVariances(support, shots, drawnShots)) }
    const ofOthers = { means: without.means, spread: spreadOf(without.variances(drawnShots)) }
    return withOwnScores(labels, similarity.ofPairs(query, ofOthers), similarity.scores(query, ofAll))
  })
}
