import { tf } from '@m2l/engine'
import { l2Length, l2Normalise } from '@m2l/metric'

/**
 * How a query is compared with a prototype.
 *
 * `euclidean`: the negative squared distance (Snell, Swersky, Zemel, "Prototypical Networks for Few-shot
 * Learning", NeurIPS 2017, equation 2). `cosine`: the cosine of the angle between them, as the published
 * program's MatchingNet (after Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016,
 * section 2.1).
 */
export type GlobalSimilarity = 'euclidean' | 'cosine'

/**
 * Class means with how far they scatter: the sum of their channels' variances where they are means of fewer
 * images, [ways, 1].
 */
export interface Centres {
  /** [ways, channels] */
  readonly means: tf.Tensor2D
  /** Zero, as published, if not given. */
  readonly spread?: tf.Tensor2D | undefined
}

/** A way to compare pooled features with prototypes, and what single positions add to that. */
export interface Similarity {
  /** Of queries [queries, channels] to all prototypes: [queries, ways]. */
  scores(queries: tf.Tensor2D, centres: Centres): tf.Tensor2D
  /** Of each query to the prototype of its row: [queries, 1]. */
  ofPairs(queries: tf.Tensor2D, centres: Centres): tf.Tensor2D
  /**
   * The score as a mean over the query's positions.
   *
   * @param positions [positions, channels], whose mean is the query [1, channels]
   * @returns [ways, positions]
   */
  ofQueryPositions(positions: tf.Tensor2D, query: tf.Tensor2D, centres: Centres): tf.Tensor2D
  /**
   * The score as a weighted mean over the positions that a prototype is the weighted mean of.
   *
   * @param positions [positions, channels]
   * @returns [ways, positions]
   */
  ofSupportPositions(positions: tf.Tensor2D, query: tf.Tensor2D, centres: Centres): tf.Tensor2D
}

/**
 * With d = q - p the squared distance |d|^2 is the mean over positions x of the query of (x - p) d, and over
 * those y of the supports of (q - y) d; the product of q and p is likewise that of x p, and of q y.
 *
 * A prototype that scatters by s is s further in squared distance, exactly, and its expected squared length
 * is s greater.
 */
export const similarities: Readonly<Record<GlobalSimilarity, Similarity>> = {
  euclidean: {
    scores(queries, { means, spread }) {
      const difference = tf.sub(tf.expandDims(queries, 1), tf.expandDims(means, 0)) // [queries, ways, channels]
      const scores = tf.neg(tf.sum(tf.square(difference), 2))
      return (spread ? tf.sub(scores, tf.transpose(spread)) : scores) as tf.Tensor2D
    },
    ofPairs(queries, { means, spread }) {
      const scores = tf.neg(tf.sum(tf.square(tf.sub(queries, means)), 1, true))
      return (spread ? tf.sub(scores, spread) : scores) as tf.Tensor2D
    },
    ofQueryPositions(positions, query, { means, spread }) {
      const difference = tf.sub(query, means) // [ways, channels]
      const within = tf.matMul(difference, tf.sub(query, positions), false, true) // [ways, positions]
      const scores = tf.sub(within, tf.sum(tf.square(difference), 1, true))
      return (spread ? tf.sub(scores, spread) : scores) as tf.Tensor2D
    },
    ofSupportPositions(positions, query, { means, spread }) {
      const scores = tf.matMul(tf.sub(query, means), tf.sub(positions, query), false, true)
      return (spread ? tf.sub(scores, spread) : scores) as tf.Tensor2D
    },
  },
  cosine: {
    scores: (queries, centres) =>
      tf.matMul(l2Normalise(queries), ofExpectedLength(centres), false, true) as tf.Tensor2D,
    ofPairs: (queries, centres) =>
      tf.sum(tf.mul(l2Normalise(queries), ofExpectedLength(centres)), 1, true) as tf.Tensor2D,
    ofQueryPositions: (positions, query, centres) =>
      tf.matMul(ofExpectedLength(centres), tf.div(positions, l2Length(query)), false, true),
    ofSupportPositions: (positions, query, centres) =>
      tf.matMul(tf.div(l2Normalise(query), expectedLength(centres)), positions, false, true),
  },
}

/** @returns [ways, channels], of unit length where there is no spread */
function ofExpectedLength(centres: Centres): tf.Tensor2D {
  return tf.div(centres.means, expectedLength(centres))
}

/** The root of the expected squared length, [ways, 1]. */
function expectedLength({ means, spread }: Centres): tf.Tensor {
  return l2Length(spread ? tf.concat([means, tf.sqrt(spread)], 1) : means)
}
