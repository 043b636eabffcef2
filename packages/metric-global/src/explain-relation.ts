import { tf } from '@m2l/engine'
import {
  pooled,
  positionsOf,
  prototypes,
  readBack,
  rowsOfClasses,
  type ScoreExplanation,
  type Support,
} from '@m2l/metric'
import { prototypeVariances } from './prototype-variances.js'
import { activity, type RelationNetwork } from './relation-network.js'

/**
 * The scores of the relation level as sums over positions. With ReLU the network is linear in its input as
 * long as the same hidden units are active, and a pooled feature is the mean of its positions' features. What
 * a side adds is that linear part; the rest of its sum are the other side's part and the biases. Where fewer
 * images are drawn than a class has, units count by how probable it is that they are active, and what they
 * add by varying belongs to the rest.
 *
 * @param query [1, height, width, channels]
 * @param support [images, height', width', channels], sorted by class
 * @param network the weights of its two layers
 */
export async function explainRelation(
  query: tf.Tensor4D,
  support: tf.Tensor4D,
  { shots, drawnShots = Infinity }: Pick<Support, 'shots' | 'drawnShots'>,
  { first, second }: RelationNetwork,
): Promise<ScoreExplanation[]> {
  const channels = query.shape[3]
  const [ofQuery, biases, ...ofSupports] = await readBack(() => {
    const [forSupport, forQuery] = tf.split(first.weight!.value, 2, 0) as Two // each [channels, hidden]
    const centres = prototypes(pooled(support), shots) // [ways, channels]
    const hidden = tf.addN([
      tf.matMul(centres, forSupport),
      tf.add(tf.zeros([shots.length, 1]), tf.matMul(pooled(query), forQuery)),
      tf.add(tf.zeros([shots.length, 1]), first.bias!.value),
    ]) // [ways, hidden]
    const weights = tf.transpose(second.weight!.value) // [1, hidden]
    const variances = prototypeVariances(tf.matMul(pooled(support), forSupport), shots, drawnShots)
    const { probability, density, deviation } = activity(hidden, variances)
    const slopes = tf.mul(probability, weights) as tf.Tensor2D // [ways, hidden]
    const scatter = tf.sum(tf.mul(tf.mul(deviation, density), weights), 1, true) // [ways, 1]
    const additions = (map: tf.Tensor4D, ofWays: tf.Tensor2D, weight: tf.Tensor2D) => {
      const gradient = tf.matMul(ofWays, weight, false, true) // [ways, channels]
      const mean = tf.div(gradient, map.size / channels)
      return tf.matMul(mean, positionsOf(map), false, true)
    }
    return [
      additions(query, slopes, forQuery), // [ways, positions]
      tf.addN([
        tf.matMul(slopes, first.bias!.value.reshape([-1, 1])),
        tf.add(tf.zerosLike(scatter), second.bias!.value),
        scatter,
      ]), // [ways, 1]
      ...(tf.split(support, [...shots]) as tf.Tensor4D[]).map((ofClass, label) =>
        additions(ofClass, slopes.slice([label, 0], [1, -1]), forSupport),
      ),
    ]
  })
  return rowsOfClasses(shots).map((images, label) => {
    const positions = {
      query: ofQuery.length / shots.length,
      support: ofSupports[label]!.length / images.length,
    }
    const own = [...ofQuery.subarray(label * positions.query, (label + 1) * positions.query)]
    const others = images.map((image, index) => ({
      image,
      values: [...ofSupports[label]!.subarray(index * positions.support, (index + 1) * positions.support)],
    }))
    const fromQuery = sum(own)
    const fromSupport = sum(others.flatMap(({ values }) => values))
    const bias = biases[label]!
    return {
      field: 'map',
      score: fromQuery + fromSupport + bias,
      query: { images: [{ image: 0, values: own }], rest: fromSupport + bias },
      support: { images: others, rest: fromQuery + bias },
    }
  })
}

type Two = [tf.Tensor2D, tf.Tensor2D]

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
