import { tf, type RandomKey } from '@m2l/engine'
import {
  defineLevel,
  requireField,
  requireFieldOfOne,
  type Embedding,
  type MetricLevel,
  type Support,
} from '@m2l/metric'
import { Convolution, kaimingNormalFanOut, mergeStates, prefixed } from '@m2l/nn'
import { z } from 'zod'
import { alignedToClasses, type Alignment } from './alignment.js'
import { descriptors } from './descriptors.js'
import { explainAlignment, meanExplanations } from './explain-alignment.js'

/**
 * What becomes of a query position that has no mutual nearest neighbour among the support positions.
 *
 * `released`: its similarities are set to zero before the softmax, as the published program does, so that it
 * attends to all positions of a class alike and takes part all the same. `excluded`: it takes no part.
 */
export type AlignmentMasking = 'released' | 'excluded'

/** Options of the alignment level. */
export interface AlignmentLevelOptions {
  /** The number of features of the backbone. */
  readonly channels: number
  /** The source of the projections' initial weights. */
  readonly key: RandomKey
  /** The number of features by which positions are matched; 160, as published, if not given. */
  readonly keyChannels?: number
  /** `released` if not given, with which published weights were learned. */
  readonly masking?: AlignmentMasking
}

/**
 * The alignment level, `ST` of the published program: query positions attend to the positions of a class, and
 * what they gather there is compared with the query (attention across images after Doersch, Gupta, Zisserman,
 * "CrossTransformers: spatially-aware few-shot transfer", NeurIPS 2020, section 3.2; mutual nearest
 * neighbours after Liu et al., "Learning to Affiliate: Mutual Centralized Learning for Few-shot
 * Classification", CVPR 2022).
 *
 * Projections without bias make a query's positions queries and a support's keys, both of `keyChannels`, and
 * values of all. A query position is kept when the support position most similar to it, of all classes, has
 * it as its most similar in turn. The softmax of its scaled similarities to a class's positions weights their
 * values; of the cosines between these aligned values and the query's own, the highest for each query
 * position are summed.
 */
export function alignmentLevel(options: AlignmentLevelOptions): MetricLevel {
  const { channels, key, keyChannels = 160, masking = 'released' } = options
  const projection = (name: string, outputChannels: number) =>
    new Convolution({
      key: key.fold(name),
      inputChannels: channels,
      outputChannels,
      kernelSize: 1,
      padding: 'valid',
      initialise: kaimingNormalFanOut,
    })
  const queries = projection('query', keyChannels)
  const keys = projection('key', keyChannels)
  const values = projection('value', channels)
  const align = (support: Support, query: Embedding): Alignment => {
    const ofQuery = requireField(query, 'map', 'alignment')
    const ofSupport = requireField(support, 'map', 'alignment')
    const similarities = scaledProducts(
      descriptors(queries.forward(ofQuery)),
      descriptors(keys.forward(ofSupport)),
    )
    const kept = haveMutualNearest(similarities)
    return {
      similarities: tf.mul(similarities, kept) as tf.Tensor3D,
      queryValues: descriptors(values.forward(ofQuery)),
      supportValues: descriptors(values.forward(ofSupport)),
      shots: support.shots,
      left: masking === 'excluded' ? kept : undefined,
    }
  }
  return {
    name: 'alignment',
    needs: ['map'],
    state: mergeStates(
      prefixed('query', queries.state),
      prefixed('key', keys.state),
      prefixed('value', values.state),
    ),
    scores: (support, query) =>
      tf.tidy(() => {
        const scores = classScores(align(singleImages(support), query))
        return isSingle(support) ? meansOfClasses(scores, support.shots) : scores
      }),
    explain: async (support, query) => {
      requireFieldOfOne(query, 'map', 'alignment')
      const explanations = await explainAlignment(() => align(singleImages(support), query))
      return isSingle(support) ? meanExplanations(explanations, support.shots) : explanations
    },
  }
}

/**
 * Attention to the positions of many images has no expectation over choices of them that could be written
 * down, so where some class has more images than are drawn, each image is compared as if it were a class and
 * the scores are averaged.
 */
function isSingle({ shots, drawnShots = Infinity }: Support): boolean {
  return shots.some((shot) => shot > drawnShots)
}

/** The support with a class of its own for each image where that is how it is compared. */
function singleImages(support: Support): Support {
  if (!isSingle(support)) return support
  return { ...support, shots: support.shots.flatMap((shot) => Array.from({ length: shot }, () => 1)) }
}

/**
 * @param scores [queries, images], sorted by class
 * @returns [queries, ways]
 */
function meansOfClasses(scores: tf.Tensor2D, shots: readonly number[]): tf.Tensor2D {
  const classes = tf.split(scores, [...shots], 1)
  return tf.stack(
    classes.map((ofClass) => tf.mean(ofClass, 1)),
    1,
  ) as tf.Tensor2D
}

/** The alignment level under its name in recipes. */
export const alignmentDefinition = defineLevel({
  name: 'alignment',
  options: z.object({
    key_channels: z.int().min(1).default(160),
    masking: z.enum(['released', 'excluded']).default('released'),
  }),
  create: ({ key_channels: keyChannels, masking }, environment) =>
    alignmentLevel({ ...environment, keyChannels, masking }),
})

/**
 * @param queries [queries, positions, channels]
 * @param keys [images, positions', channels]
 * @returns [queries, positions, images * positions'], divided by the root of the channels
 */
function scaledProducts(queries: tf.Tensor3D, keys: tf.Tensor3D): tf.Tensor3D {
  const [count, positions, channels] = queries.shape
  const rows = queries.reshape([count * positions, channels])
  const columns = keys.reshape([-1, channels])
  const products = tf.div(tf.matMul(rows, columns, false, true), Math.sqrt(channels))
  return products.reshape([count, positions, columns.shape[0]!])
}

/**
 * Whether the column nearest to a row has this row as its nearest in turn. In each image at least one row
 * has. It is a choice, so no gradient passes.
 *
 * @param similarities [queries, positions, columns]
 * @returns [queries, positions, 1], 1 or 0
 */
function haveMutualNearest(similarities: tf.Tensor3D): tf.Tensor3D {
  const choose = tf.customGrad((x) => {
    const values = x as tf.Tensor3D
    const isNearestOfRow = tf.equal(values, tf.max(values, 2, true))
    const isNearestOfColumn = tf.equal(values, tf.max(values, 1, true))
    const isMutual = tf.any(tf.logicalAnd(isNearestOfRow, isNearestOfColumn), 2, true)
    return { value: tf.cast(isMutual, 'float32'), gradFunc: () => tf.zeros(values.shape) }
  })
  return choose(similarities) as tf.Tensor3D
}

/** @returns [queries, ways] */
function classScores(alignment: Alignment): tf.Tensor2D {
  const scores = alignedToClasses(alignment).map(({ cosines }) => tf.sum(tf.max(cosines, 1), 1))
  return tf.stack(scores, 1) as tf.Tensor2D
}
