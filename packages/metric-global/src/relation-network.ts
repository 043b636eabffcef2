import { tf } from '@m2l/engine'
import { classesOfImages, prototypes, withOwnScores, type LeftOutImages } from '@m2l/metric'
import type { StateDict } from '@m2l/nn'
import { prototypesWithout, prototypeVariances } from './prototype-variances.js'

/** The weights of the two layers of a relation network. */
export interface RelationNetwork {
  readonly first: StateDict
  readonly second: StateDict
}

/** What relations are computed of. */
export interface Related {
  /** [images, channels], sorted by class */
  readonly support: tf.Tensor2D
  readonly shots: readonly number[]
  /** [queries, channels] */
  readonly query: tf.Tensor2D
}

/**
 * The inputs of the hidden units that come from classes and from queries, each [n, hidden]; the second have
 * the bias.
 */
export function hiddenInputs({ first }: RelationNetwork, { support, query }: Related) {
  const [ofSupport, ofQuery] = tf.split(first.weight!.value, 2, 0) as [tf.Tensor2D, tf.Tensor2D] // each [channels, hidden]
  return {
    support: tf.matMul(support, ofSupport) as tf.Tensor2D,
    query: tf.add(tf.matMul(query, ofQuery), first.bias!.value) as tf.Tensor2D,
  }
}

/**
 * The scores that are expected where fewer images of a class are drawn than it has: the input of a hidden
 * unit then varies with the prototype, and is taken to be normal.
 *
 * @returns [queries, ways]
 */
export function expectedRelations(
  network: RelationNetwork,
  related: Related,
  drawnShots: number,
): tf.Tensor2D {
  const { support, query } = hiddenInputs(network, related)
  const { shots } = related
  const inputs = tf.add(tf.expandDims(query, 1), tf.expandDims(prototypes(support, shots), 0)) // [queries, ways, hidden]
  return scoresOfHidden(network, inputs, prototypeVariances(support, shots, drawnShots)) as tf.Tensor2D
}

/** @returns for each of `left.draws` [queries, ways] */
export function relationsLeaveOneOut(
  network: RelationNetwork,
  related: Related,
  { images, draws }: LeftOutImages,
): tf.Tensor2D[] {
  const { shots } = related
  const labels = classesOfImages(shots, images)
  const { support, query } = hiddenInputs(network, related)
  const own = tf.gather(support, tf.tensor1d([...images], 'int32'))
  const without = prototypesWithout(support, shots, own, labels)
  return draws.map((drawnShots) => {
    const ofOwn = scoresOfHidden(network, tf.add(query, without.means), without.variances(drawnShots))
    const all = expectedRelations(network, related, drawnShots)
    return withOwnScores(labels, tf.expandDims(ofOwn, 1) as tf.Tensor2D, all)
  })
}

/**
 * With the input normal around a with deviation t, the mean of its ReLU is a P(a/t) + t p(a/t), of the
 * standard normal distribution P and its density p.
 *
 * @param inputs [..., hidden], the means
 * @param variances broadcast to them
 */
function scoresOfHidden({ second }: RelationNetwork, inputs: tf.Tensor, variances: tf.Tensor): tf.Tensor {
  const { probability, density, deviation } = activity(inputs, variances)
  const hidden = tf.add(tf.mul(inputs, probability), tf.mul(deviation, density))
  return tf.add(tf.sum(tf.mul(hidden, second.weight!.value.reshape([-1])), -1), second.bias!.value)
}

/** How probable it is that a hidden unit is active, and what its mean has beside the active input's. */
export function activity(inputs: tf.Tensor, variances: tf.Tensor) {
  const deviation = tf.sqrt(variances)
  const standard = tf.div(inputs, tf.maximum(deviation, smallestDeviation))
  return {
    probability: tf.div(tf.add(1, tf.erf(tf.div(standard, Math.SQRT2))), 2),
    density: tf.div(tf.exp(tf.div(tf.square(standard), -2)), Math.sqrt(2 * Math.PI)),
    deviation,
  }
}

/** Where nothing varies, a unit is active or not. */
const smallestDeviation = 1e-12
