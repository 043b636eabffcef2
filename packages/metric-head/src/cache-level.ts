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
import { oneHotLabels } from './linear-head.js'

/** Options of the cache level. */
export interface CacheOptions {
  /**
   * What scores are multiplied by. Published beside the logits of a text encoder; without these it changes no
   * ranking but says how sure the scores are. 20 if not given, so that the probability of a class follows
   * that of its examples' votes.
   */
  readonly alpha?: number
  /** How fast an example's vote falls with its distance; 5.5, as published, if not given. */
  readonly beta?: number
  /** Whether a class's score is the mean of its examples' votes instead of their sum, as published. */
  readonly shotsDivided?: boolean
}

/**
 * A cache of keys and values: each example votes for its class by exp(-beta (1 - cosine)), and a class's
 * score is alpha times the sum (Zhang et al., "Tip-Adapter: Training-free Adaption of CLIP for Few-shot
 * Classification", ECCV 2022, equation 4, without its text term). Nothing is learned.
 */
export function cacheLevel({ alpha = 20, beta = 5.5, shotsDivided = false }: CacheOptions = {}): MetricLevel {
  const keys = (embedding: Embedding) => l2Normalise(pooled(requireField(embedding, 'map', 'cache')))
  /** @returns [queries, images] */
  const votes = (support: Embedding, query: Embedding) => {
    const cosines = tf.matMul(keys(query), keys(support), false, true)
    return tf.exp(tf.mul(beta, tf.sub(cosines, 1)))
  }
  const weightOf = (count: number, drawnShots: number) =>
    (shotsDivided ? 1 : Math.min(count, drawnShots)) / Math.max(1, count)
  return {
    name: 'cache',
    needs: ['map'],
    state: {},
    scores: ({ shots, drawnShots = Infinity, ...support }, query) =>
      tf.tidy(() => {
        const weights = tf.tensor2d([shots.map((shot) => alpha * weightOf(shot, drawnShots))])
        return tf.mul(tf.matMul(votes(support, query), oneHotLabels(shots)), weights) as tf.Tensor2D
      }),
    leaveOneOut: ({ shots, ...support }, query, { images, draws }) =>
      tf.tidy(() => {
        const found = votes(support, query)
        const ofClasses = tf.matMul(found, oneHotLabels(shots))
        const ofOthers = tf.sum(tf.mul(found, tf.tensor2d(othersOfClass(shots, images))), 1, true)
        const labels = classesOfImages(shots, images)
        return draws.map((drawnShots) => {
          const weights = tf.tensor2d([shots.map((shot) => alpha * weightOf(shot, drawnShots))])
          const ownWeights = labels.map((label) => [
            alpha * weightOf(shotsWithout(shots, label)[label]!, drawnShots),
          ])
          const own = tf.mul(ofOthers, tf.tensor2d(ownWeights)) as tf.Tensor2D
          return withOwnScores(labels, own, tf.mul(ofClasses, weights))
        })
      }),
  }
}

/** The cache level under its name in recipes. */
export const cacheDefinition = defineLevel({
  name: 'cache',
  options: z.object({
    alpha: z.number().gt(0).default(20),
    beta: z.number().gt(0).default(5.5),
    shots_divided: z.boolean().default(false),
  }),
  create: ({ shots_divided: shotsDivided, ...options }) => cacheLevel({ ...options, shotsDivided }),
})
