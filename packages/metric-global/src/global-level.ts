import { tf } from '@m2l/engine'
import { defineLevel, requireField, type MetricLevel } from '@m2l/metric'
import { z } from 'zod'

/**
 * The global level: the negative squared Euclidean distance between a query's pooled feature and a class's prototype,
 * which is the mean of the pooled features of its supports (Snell, Swersky, Zemel, "Prototypical Networks for Few-shot
 * Learning", NeurIPS 2017, equations 1 and 2).
 */
export function globalLevel(): MetricLevel {
  return {
    name: 'global',
    needs: ['map'],
    state: {},
    scores: (support, query) =>
      globalScores(
        requireField(support, 'map', 'global'),
        support.shots,
        requireField(query, 'map', 'global'),
      ),
  }
}

/** The global level under its name in recipes. */
export const globalDefinition = defineLevel({
  name: 'global',
  options: z.object({}),
  create: () => globalLevel(),
})

/**
 * @param support [images, height, width, channels], sorted by class
 * @param shots the number of images of each class
 * @param query [queries, height', width', channels]
 * @returns [queries, ways], at most 0
 */
export function globalScores(
  support: tf.Tensor4D,
  shots: readonly number[],
  query: tf.Tensor4D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const pooledSupport = tf.mean(support, [1, 2]) as tf.Tensor2D
    const pooledQuery = tf.mean(query, [1, 2]) as tf.Tensor2D
    const difference = tf.sub(
      tf.expandDims(pooledQuery, 1),
      tf.expandDims(prototypes(pooledSupport, shots), 0),
    )
    return tf.neg(tf.sum(tf.square(difference), 2)) as tf.Tensor2D
  })
}

/**
 * The mean feature of each class.
 *
 * @param features [images, channels], sorted by class
 * @returns [ways, channels]
 */
export function prototypes(features: tf.Tensor2D, shots: readonly number[]): tf.Tensor2D {
  return tf.tidy(() => {
    if (shots.every((shot) => shot === shots[0])) {
      return tf.mean(features.reshape([shots.length, shots[0]!, features.shape[1]]), 1) as tf.Tensor2D
    }
    const classes = tf.split(features, [...shots], 0)
    return tf.stack(classes.map((ofClass) => tf.mean(ofClass, 0))) as tf.Tensor2D
  })
}
