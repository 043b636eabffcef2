import { tf } from '@m2l/engine'
import {
  l2Length,
  pooled,
  positionsOf,
  readBack,
  requireField,
  requireFieldOfOne,
  rowsOfClasses,
  type Embedding,
  type MetricLevel,
  type ScoreExplanation,
  type Support,
} from '@m2l/metric'
import type { LinearClassifier, LinearHead } from './linear-head.js'

/**
 * A linear head as a level: features are maps, averaged over their positions, and a query is compared by its
 * inner products with the supports.
 */
export function linearLevel(head: LinearHead): MetricLevel {
  const scaled = (embedding: Embedding) => scaledMap(requireField(embedding, 'map', head.name), head)
  const solved = ({ shots, drawnShots = Infinity }: Support, features: tf.Tensor2D) =>
    head.solve({ gram: products(features, features), channels: features.shape[1], shots, drawnShots })
  return {
    name: head.name,
    needs: ['map'],
    state: head.state,
    joint: true,
    ...(head.trainable === false && { trainable: false }),
    scores: (support, query) =>
      tf.tidy(() => {
        const features = pooled(scaled(support))
        const { coefficients, bias } = solved(support, features)
        return tf.add(tf.matMul(products(pooled(scaled(query)), features), coefficients), bias) as tf.Tensor2D
      }),
    leaveOneOut: ({ shots, ...support }, _query, left) =>
      tf.tidy(() => {
        const features = pooled(scaled(support))
        const examples = { gram: products(features, features), channels: features.shape[1], shots }
        return head.leaveOneOut(examples, left)
      }),
    async explain(support, query) {
      const ofQuery = requireFieldOfOne(query, 'map', head.name)
      const maps = { support: scaled(support), query: scaledMap(ofQuery, head) }
      const explained = explainLinear(maps, support.shots, (features) => solved(support, features))
      return explained.finally(() => tf.dispose([maps.query, maps.support]))
    },
  }
}

/** Maps whose means over positions are the features that a head compares. */
function scaledMap(map: tf.Tensor4D, { features }: LinearHead): tf.Tensor4D {
  if (features === 'as they are') return tf.clone(map)
  return tf.tidy(() => tf.div(map, l2Length(pooled(map)).reshape([-1, 1, 1, 1])))
}

/** @returns [rows, columns], the inner products of features */
function products(rows: tf.Tensor2D, columns: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(rows, columns, false, true) as tf.Tensor2D
}

/**
 * The scores as sums over positions: a feature is the mean of its positions' features, and the score is
 * linear in the query, and in the supports with their coefficients. What supports of other classes add
 * belongs to the rest.
 */
async function explainLinear(
  maps: { readonly query: tf.Tensor4D; readonly support: tf.Tensor4D },
  shots: readonly number[],
  solve: (features: tf.Tensor2D) => LinearClassifier,
): Promise<ScoreExplanation[]> {
  const [ofQuery, ofSupport, biases] = await readBack(() => {
    const features = pooled(maps.support)
    const { coefficients, bias } = solve(features)
    const weights = tf.matMul(coefficients, features, true) // [ways, channels]
    const countOf = ({ shape: [, height, width] }: tf.Tensor4D) => height * width
    const met = products(positionsOf(maps.support), pooled(maps.query)).reshape([shotsTotal(shots), -1])
    return [
      tf.div(products(weights as tf.Tensor2D, positionsOf(maps.query)), countOf(maps.query)), // [ways, positions]
      tf.div(tf.mul(tf.expandDims(tf.transpose(coefficients), 2), met), countOf(maps.support)), // [ways, images, positions]
      bias,
    ]
  })
  const ways = shots.length
  const positions = { query: ofQuery.length / ways, support: ofSupport.length / ways / shotsTotal(shots) }
  return rowsOfClasses(shots).map((images, label) => {
    const own = [...ofQuery.subarray(label * positions.query, (label + 1) * positions.query)]
    const score = sum(own) + biases[label]!
    const ofClass = images.map((image) => {
      const start = (label * shotsTotal(shots) + image) * positions.support
      return { image, values: [...ofSupport.subarray(start, start + positions.support)] }
    })
    const fromClass = sum(ofClass.flatMap(({ values }) => values))
    return {
      field: 'map',
      score,
      query: { images: [{ image: 0, values: own }], rest: biases[label]! },
      support: { images: ofClass, rest: score - fromClass },
    }
  })
}

function shotsTotal(shots: readonly number[]): number {
  return sum(shots)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
