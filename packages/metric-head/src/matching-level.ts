import { tf } from '@m2l/engine'
import {
  classesOfImages,
  defineLevel,
  l2Normalise,
  pooled,
  requireField,
  withOwnScores,
  type Embedding,
  type MetricLevel,
} from '@m2l/metric'
import { z } from 'zod'
import { othersOfClass, shotsWithout } from './image-weights.js'

/** Options of the matching level. */
export interface MatchingOptions {
  /**
   * `cosine`, as the paper says, if not given. `released`: the query keeps its length, as in the public
   * programs, so that it says how sure the scores are.
   */
  readonly similarity?: 'cosine' | 'released'
  /**
   * What similarities are multiplied by; 10 for cosines, where 1, as published, hardly tells classes apart,
   * and 1 as released.
   */
  readonly scale?: number
}

/** What stands for the logarithm of 0. */
const never = -1e9

/**
 * The vote of single examples (Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016,
 * section 2.1.1, without the full-context embeddings): an example's part in the answer is the softmax over
 * all examples of how near it is, and a class's probability is the sum over its own. Scores are the
 * logarithms of these sums before they are divided by their total, which gives the same probabilities, and a
 * score does not depend on the other classes.
 */
export function matchingLevel({
  similarity = 'cosine',
  scale = similarity === 'cosine' ? 10 : 1,
}: MatchingOptions = {}): MetricLevel {
  const features = (embedding: Embedding) => pooled(requireField(embedding, 'map', 'matching'))
  /** @returns [queries, images] */
  const nearness = (support: Embedding, query: Embedding) => {
    const queries = similarity === 'cosine' ? l2Normalise(features(query)) : features(query)
    return tf.mul(scale, tf.matMul(queries, l2Normalise(features(support)), false, true)) as tf.Tensor2D
  }
  const logWeightOf = (count: number, drawnShots: number) =>
    Math.log(Math.min(1, drawnShots / Math.max(1, count)))
  const logWeights = (shots: readonly number[], drawnShots: number) =>
    tf.tensor2d([shots.map((shot) => logWeightOf(shot, drawnShots))])
  return {
    name: 'matching',
    needs: ['map'],
    state: {},
    scores: ({ shots, drawnShots = Infinity, ...support }, query) =>
      tf.tidy(() => {
        const sums = logSums(nearness(support, query), shots)
        return tf.add(sums, logWeights(shots, drawnShots)) as tf.Tensor2D
      }),
    leaveOneOut: ({ shots, ...support }, query, { images, draws }) =>
      tf.tidy(() => {
        const near = nearness(support, query)
        const ofClasses = logSums(near, shots)
        const others = tf.tensor2d(othersOfClass(shots, images))
        const ofOthers = tf.logSumExp(tf.add(near, tf.mul(never, tf.sub(1, others))), 1, true)
        const labels = classesOfImages(shots, images)
        return draws.map((drawnShots) => {
          const ownWeights = labels.map((label) => [
            logWeightOf(shotsWithout(shots, label)[label]!, drawnShots),
          ])
          const own = tf.add(ofOthers, tf.tensor2d(ownWeights)) as tf.Tensor2D
          return withOwnScores(labels, own, tf.add(ofClasses, logWeights(shots, drawnShots)))
        })
      }),
  }
}

/** The matching level under its name in recipes. */
export const matchingDefinition = defineLevel({
  name: 'matching',
  options: z.object({
    similarity: z.enum(['cosine', 'released']).default('cosine'),
    scale: z.number().gt(0).optional(),
  }),
  create: ({ scale, similarity }) => matchingLevel({ similarity, ...(scale !== undefined && { scale }) }),
})

/**
 * The logarithm of the sum of exponentials over the images of each class.
 *
 * @param x [queries, images], sorted by class
 * @returns [queries, ways]
 */
function logSums(x: tf.Tensor2D, shots: readonly number[]): tf.Tensor2D {
  if (shots.every((shot) => shot === shots[0])) {
    return tf.logSumExp(x.reshape([x.shape[0], shots.length, shots[0]!]), 2) as tf.Tensor2D
  }
  const classes = tf.split(x, [...shots], 1)
  return tf.concat(
    classes.map((ofClass) => tf.logSumExp(ofClass, 1, true)),
    1,
  ) as tf.Tensor2D
}
