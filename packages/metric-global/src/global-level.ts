import { tf } from '@m2l/engine'
import { defineLevel, requireField, type Embedding, type MetricLevel } from '@m2l/metric'
import { z } from 'zod'
import {
  prototypeRefinement,
  refinementOptions,
  type PrototypeRefinementOptions,
} from './prototype-refinement.js'

/**
 * The global level: the negative squared Euclidean distance between a query's pooled feature and a class's prototype,
 * which is the mean of the pooled features of its supports (Snell, Swersky, Zemel, "Prototypical Networks for Few-shot
 * Learning", NeurIPS 2017, equations 1 and 2). In semi-supervised episodes unlabelled images may refine the prototypes,
 * see {@link refinePrototypes}.
 */
export function globalLevel(options: PrototypeRefinementOptions = {}): MetricLevel {
  const refinement = prototypeRefinement(options)
  return {
    name: 'global',
    needs: ['map'],
    needsOfUnlabelled: refinement.isActive ? ['map'] : [],
    state: refinement.state,
    scores: ({ shots, unlabelled, ...support }, query) =>
      tf.tidy(() => {
        const classMeans = prototypes(pooled(support), shots)
        const refined = refinement.apply(classMeans, shots, unlabelled && pooled(unlabelled))
        return negativeSquaredDistances(pooled(query), refined)
      }),
  }
}

/** The global level under its name in recipes. */
export const globalDefinition = defineLevel({
  name: 'global',
  options: z.object(refinementOptions),
  create: ({ refine, refine_steps: refineSteps, length_scale: lengthScale }) =>
    globalLevel({ refine, refineSteps, lengthScale }),
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
  return tf.tidy(() => negativeSquaredDistances(averaged(query), prototypes(averaged(support), shots)))
}

/** @returns [n, channels] */
function pooled(embedding: Embedding): tf.Tensor2D {
  return averaged(requireField(embedding, 'map', 'global'))
}

function averaged(map: tf.Tensor4D): tf.Tensor2D {
  return tf.mean(map, [1, 2])
}

/** @returns [queries, ways] */
function negativeSquaredDistances(queries: tf.Tensor2D, classes: tf.Tensor2D): tf.Tensor2D {
  const difference = tf.sub(tf.expandDims(queries, 1), tf.expandDims(classes, 0))
  return tf.neg(tf.sum(tf.square(difference), 2))
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
