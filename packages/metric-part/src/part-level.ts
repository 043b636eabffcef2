import { tf, type RandomKey } from '@m2l/engine'
import {
  defineLevel,
  explainImageToClass,
  imageToClassLeaveOneOut,
  imageToClassScores,
  requireField,
  requireFieldOfOne,
  type MetricLevel,
  type Support,
} from '@m2l/metric'
import { prefixed, type ForwardContext } from '@m2l/nn'
import { z } from 'zod'
import { PartGraph, type PartAdjacency } from './part-graph.js'

/** Options of the part level. */
export interface PartLevelOptions {
  /** The number of features of a part. */
  readonly channels: number
  /** The source of the graph network's initial weights. */
  readonly key: RandomKey
  /**
   * Which support parts are linked; `identity`, as published, if not given. `none` leaves out the graph
   * network: parts are compared as they are, which takes nothing learned.
   */
  readonly graph?: PartAdjacency | 'none'
  /**
   * The probability with which a hidden unit of the graph network is dropped in training; .5 if not given.
   */
  readonly graphDropout?: number
}

/**
 * The part level: each image is a set of part features; those of the supports pass a graph network that
 * adapts them to the episode, then a query is compared with a class by the image-to-class measure on parts
 * (Chen et al., "Multi-level Metric Learning for Few-shot Image Recognition", ICANN 2022, section 3.3).
 */
export function partLevel(options: PartLevelOptions): MetricLevel {
  const { channels, key, graph: adjacency = 'identity', graphDropout: dropout = 0.5 } = options
  const graph = adjacency === 'none' ? undefined : new PartGraph({ channels, adjacency, dropout, key })
  const adapted = (support: Support, context: ForwardContext) => {
    const parts = requireField(support, 'parts', 'part')
    return graph ? graph.apply(parts, support, context) : parts
  }
  return {
    name: 'part',
    needs: ['parts'],
    state: graph ? prefixed('graph', graph.state) : {},
    scores: (support, query, context) =>
      tf.tidy(() =>
        imageToClassScores(requireField(query, 'parts', 'part'), adapted(support, context), support.shots, {
          drawnShots: support.drawnShots,
        }),
      ),
    // Where parts are linked, all of a class change when an image is left out.
    ...((adjacency === 'identity' || adjacency === 'none') && {
      leaveOneOut: (support, query, left, context) =>
        tf.tidy(() =>
          imageToClassLeaveOneOut(
            requireField(query, 'parts', 'part'),
            adapted(support, context),
            support.shots,
            left,
          ),
        ),
    }),
    explain: (support, query, context) =>
      explainImageToClass('parts', () => ({
        query: requireFieldOfOne(query, 'parts', 'part'),
        support: adapted(support, context),
        shots: support.shots,
        drawnShots: support.drawnShots,
      })),
  }
}

/** The part level under its name in recipes. */
export const partDefinition = defineLevel({
  name: 'part',
  options: z.object({
    graph: z.enum(['identity', 'class', 'full', 'none']).default('identity'),
    graph_dropout: z.number().min(0).lt(1).default(0.5),
  }),
  create: ({ graph, graph_dropout: graphDropout }, environment) =>
    partLevel({ ...environment, graph, graphDropout }),
})
