import { tf } from '@m2l/engine'
import { l2Length, l2Normalise } from '@m2l/metric'

/**
 * How a query is compared with a prototype.
 *
 * `euclidean`: the negative squared distance (Snell, Swersky, Zemel, "Prototypical Networks for Few-shot Learning",
 * NeurIPS 2017, equation 2). `cosine`: the cosine of the angle between them, as the published program's MatchingNet
 * (after Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016, section 2.1).
 */
export type GlobalSimilarity = 'euclidean' | 'cosine'

/** A way to compare pooled features with prototypes, and what single positions add to that. */
export interface Similarity {
  /** Of queries [queries, channels] to prototypes [ways, channels]: [queries, ways]. */
  scores(queries: tf.Tensor2D, centres: tf.Tensor2D): tf.Tensor2D
  /**
   * The score as a mean over the query's positions.
   *
   * @param positions [positions, channels], whose mean is the query [1, channels]
   * @param centres [ways, channels]
   * @returns [ways, positions]
   */
  ofQueryPositions(positions: tf.Tensor2D, query: tf.Tensor2D, centres: tf.Tensor2D): tf.Tensor2D
  /**
   * The score as a weighted mean over the positions that a prototype is the weighted mean of.
   *
   * @param positions [positions, channels]
   * @returns [ways, positions]
   */
  ofSupportPositions(positions: tf.Tensor2D, query: tf.Tensor2D, centres: tf.Tensor2D): tf.Tensor2D
}

/**
 * With d = q - p the squared distance |d|^2 is the mean over positions x of the query of (x - p) d, and over those y of
 * the supports of (q - y) d; the product of q and p is likewise that of x p, and of q y.
 */
export const similarities: Readonly<Record<GlobalSimilarity, Similarity>> = {
  euclidean: {
    scores(queries, centres) {
      const difference = tf.sub(tf.expandDims(queries, 1), tf.expandDims(centres, 0)) // [queries, ways, channels]
      return tf.neg(tf.sum(tf.square(difference), 2)) as tf.Tensor2D
    },
    ofQueryPositions(positions, query, centres) {
      const difference = tf.sub(query, centres) // [ways, channels]
      const within = tf.matMul(difference, tf.sub(query, positions), false, true) // [ways, positions]
      return tf.sub(within, tf.sum(tf.square(difference), 1, true))
    },
    ofSupportPositions: (positions, query, centres) =>
      tf.matMul(tf.sub(query, centres), tf.sub(positions, query), false, true),
  },
  cosine: {
    scores: (queries, centres) =>
      tf.matMul(l2Normalise(queries), l2Normalise(centres), false, true) as tf.Tensor2D,
    ofQueryPositions: (positions, query, centres) =>
      tf.matMul(l2Normalise(centres), tf.div(positions, l2Length(query)), false, true),
    ofSupportPositions: (positions, query, centres) =>
      tf.matMul(tf.div(l2Normalise(query), l2Length(centres)), positions, false, true),
  },
}
