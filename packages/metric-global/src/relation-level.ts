import { tf, type RandomKey } from '@m2l/engine'
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
import { Linear, mergeStates, normal, prefixed, type Initialiser } from '@m2l/nn'
import { z } from 'zod'
import { explainRelation } from './explain-relation.js'
import { expectedRelations, relationsLeaveOneOut, type Related } from './relation-network.js'

/** Options of the relation level. */
export interface RelationLevelOptions {
  /** The number of features of the backbone, at least 2. */
  readonly channels: number
  /** The source of the network's initial weights. */
  readonly key: RandomKey
}

/**
 * The relation level: how near a query is to a prototype, a small network tells. It sees the two pooled
 * features side by side and has one hidden layer, widths 2c - c/2 - 1 with ReLU (after Sung et al., "Learning
 * to Compare: Relation Network for Few-Shot Learning", CVPR 2018, section 3.2, whose comparison works on
 * maps; the published program pools first). Alone it is RelationNet.
 *
 * As in the published program, weights start normal with deviation .01 and biases at zero.
 */
export function relationLevel({ channels, key }: RelationLevelOptions): MetricLevel {
  const hidden = Math.floor(channels / 2)
  const start = { initialise: small, initialiseBias: zero }
  const first = new Linear({ key: key.fold('fc1'), inputs: 2 * channels, outputs: hidden, ...start })
  const second = new Linear({ key: key.fold('fc2'), inputs: hidden, outputs: 1, ...start })
  const network = { first: first.state, second: second.state }
  return {
    name: 'relation',
    needs: ['map'],
    state: mergeStates(prefixed('fc1', first.state), prefixed('fc2', second.state)),
    scores: (support, query) =>
      tf.tidy(() => {
        const compared = related(support, query)
        const { shots, drawnShots = Infinity } = support
        if (shots.some((shot) => shot > drawnShots)) return expectedRelations(network, compared, drawnShots)
        const centres = prototypes(compared.support, shots) // [ways, c]
        const pairs = everyPair(compared.query, centres) // [queries * ways, 2c]
        const scores = second.forward(tf.relu(first.forward(pairs))) // [queries * ways, 1]
        return scores.reshape([compared.query.shape[0], shots.length]) as tf.Tensor2D
      }),
    leaveOneOut: (support, query, left) =>
      tf.tidy(() => relationsLeaveOneOut(network, related(support, query), left)),
    explain: async (support, query) =>
      explainRelation(
        requireFieldOfOne(query, 'map', 'relation'),
        requireField(support, 'map', 'relation'),
        support,
        network,
      ),
  }
}

/** The relation level under its name in recipes. */
export const relationDefinition = defineLevel({
  name: 'relation',
  options: z.object({}),
  create: (_, environment) => relationLevel(environment),
})

function related(support: Support, query: Embedding): Related {
  return {
    support: pooled(requireField(support, 'map', 'relation')),
    shots: support.shots,
    query: pooled(requireField(query, 'map', 'relation')),
  }
}

/** Prototype and query side by side, for each query and each prototype. */
function everyPair(queries: tf.Tensor2D, centres: tf.Tensor2D): tf.Tensor2D {
  const [count, channels] = queries.shape
  const ways = centres.shape[0]
  const ofClasses = tf.tile(tf.expandDims(centres, 0), [count, 1, 1])
  const ofQueries = tf.tile(tf.expandDims(queries, 1), [1, ways, 1])
  return tf.concat([ofClasses, ofQueries], 2).reshape([count * ways, 2 * channels]) as tf.Tensor2D
}

const small: Initialiser = (key, shape) => normal(key, shape, 0, 0.01)

const zero: Initialiser = (_, shape) => tf.zeros([...shape])
