import { tf } from '@m2l/engine'
import { defineLevel, l2Normalise, requireField, type Embedding, type MetricLevel } from '@m2l/metric'
import { z } from 'zod'
import {
  prototypeRefinement,
  refinementOptions,
  type PrototypeRefinementOptions,
} from './prototype-refinement.js'
import { pooled, prototypes } from './prototypes.js'

/**
 * How a query is compared with a prototype.
 *
 * `euclidean`: the negative squared distance (Snell, Swersky, Zemel, "Prototypical Networks for Few-shot Learning",
 * NeurIPS 2017, equation 2). `cosine`: the cosine of the angle between them, as the published program's MatchingNet
 * (after Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016, section 2.1).
 */
export type GlobalSimilarity = 'euclidean' | 'cosine'

/** Options of the global level. */
export interface GlobalLevelOptions extends PrototypeRefinementOptions {
  /** `euclidean`, as published, if not given. */
  readonly similarity?: GlobalSimilarity
}

/**
 * The global level: the similarity of a query's pooled feature to a class's prototype, which is the mean of the pooled
 * features of its supports (Snell, Swersky, Zemel, NeurIPS 2017, equation 1). Alone it is ProtoNet, or with the cosine
 * at temperature 1/32 the published program's MatchingNet. In semi-supervised episodes unlabelled images may refine the
 * prototypes, see {@link prototypeRefinement}.
 */
export function globalLevel({ similarity = 'euclidean', ...refine }: GlobalLevelOptions = {}): MetricLevel {
  const refinement = prototypeRefinement(refine)
  const features = (embedding: Embedding) => pooled(requireField(embedding, 'map', 'global'))
  return {
    name: 'global',
    needs: ['map'],
    needsOfUnlabelled: refinement.isActive ? ['map'] : [],
    state: refinement.state,
    scores: ({ shots, unlabelled, ...support }, query) =>
      tf.tidy(() => {
        const classMeans = prototypes(features(support), shots)
        const refined = refinement.apply(classMeans, shots, unlabelled && features(unlabelled))
        return similarities[similarity](features(query), refined)
      }),
  }
}

/** The global level under its name in recipes. */
export const globalDefinition = defineLevel({
  name: 'global',
  options: z.object({
    similarity: z.enum(['euclidean', 'cosine']).default('euclidean'),
    ...refinementOptions,
  }),
  create: ({ refine_steps: refineSteps, length_scale: lengthScale, ...options }) =>
    globalLevel({ ...options, refineSteps, lengthScale }),
})

/**
 * @param support [images, height, width, channels], sorted by class
 * @param shots the number of images of each class
 * @param query [queries, height', width', channels]
 * @returns [queries, ways]: at most 0 where Euclidean, in [-1, 1] where cosines
 */
export function globalScores(
  support: tf.Tensor4D,
  shots: readonly number[],
  query: tf.Tensor4D,
  similarity: GlobalSimilarity = 'euclidean',
): tf.Tensor2D {
  return tf.tidy(() => similarities[similarity](pooled(query), prototypes(pooled(support), shots)))
}

/** Of queries [queries, channels] to prototypes [ways, channels]: [queries, ways]. */
const similarities: Readonly<
  Record<GlobalSimilarity, (queries: tf.Tensor2D, prototypes: tf.Tensor2D) => tf.Tensor2D>
> = {
  euclidean(queries, centres) {
    const difference = tf.sub(tf.expandDims(queries, 1), tf.expandDims(centres, 0)) // [queries, ways, channels]
    return tf.neg(tf.sum(tf.square(difference), 2)) as tf.Tensor2D
  },
  cosine: (queries, centres) =>
    tf.matMul(l2Normalise(queries), l2Normalise(centres), false, true) as tf.Tensor2D,
}
