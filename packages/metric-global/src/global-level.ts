import { tf } from '@m2l/engine'
import {
  defineLevel,
  pooled,
  prototypes,
  requireField,
  requireFieldOfOne,
  type Embedding,
  type MetricLevel,
  type Support,
} from '@m2l/metric'
import { z } from 'zod'
import { centresLeaveOneOut, classCentres } from './class-centres.js'
import { explainGlobal } from './explain-global.js'
import {
  prototypeRefinement,
  refinementOptions,
  type PrototypeRefinementOptions,
} from './prototype-refinement.js'
import { similarities, type GlobalSimilarity } from './similarities.js'

/** Options of the global level. */
export interface GlobalLevelOptions extends PrototypeRefinementOptions {
  /** `euclidean`, as published, if not given. */
  readonly similarity?: GlobalSimilarity
}

/**
 * The global level: the similarity of a query's pooled feature to a class's prototype, which is the mean of
 * the pooled features of its supports (Snell, Swersky, Zemel, NeurIPS 2017, equation 1). Alone it is
 * ProtoNet, or with the cosine at temperature 1/32 the published program's MatchingNet. In semi-supervised
 * episodes unlabelled images may refine the prototypes, see {@link prototypeRefinement}.
 */
export function globalLevel({ similarity = 'euclidean', ...refine }: GlobalLevelOptions = {}): MetricLevel {
  const refinement = prototypeRefinement(refine)
  const features = (embedding: Embedding) => pooled(requireField(embedding, 'map', 'global'))
  return {
    name: 'global',
    needs: ['map'],
    needsOfUnlabelled: refinement.isActive ? ['map'] : [],
    state: refinement.state,
    scores: ({ shots, drawnShots = Infinity, unlabelled, ...support }, query) =>
      tf.tidy(() => {
        const others = refinement.isActive && unlabelled ? features(unlabelled) : undefined
        const centres = classCentres({ support: features(support), shots, drawnShots, others, refinement })
        return similarities[similarity].scores(features(query), centres)
      }),
    ...(!refinement.isActive && {
      leaveOneOut: ({ shots, ...support }, query, left) =>
        tf.tidy(() => {
          const compared = { support: features(support), shots, query: features(query), left }
          return centresLeaveOneOut(similarities[similarity], compared)
        }),
    }),
    explain: async ({ shots, drawnShots = Infinity, unlabelled, ...support }: Support, query) =>
      explainGlobal({
        query: requireFieldOfOne(query, 'map', 'global'),
        support: requireField(support, 'map', 'global'),
        shots,
        drawnShots,
        ...(refinement.isActive && unlabelled && { unlabelled: requireField(unlabelled, 'map', 'global') }),
        refinement,
        similarity: similarities[similarity],
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
  return tf.tidy(() =>
    similarities[similarity].scores(pooled(query), { means: prototypes(pooled(support), shots) }),
  )
}
