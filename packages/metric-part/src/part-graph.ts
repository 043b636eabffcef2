import { tf, type RandomKey } from '@m2l/engine'
import type { Support } from '@m2l/metric'
import { dropout, learned, uniform, type ForwardContext, type Parameter, type StateDict } from '@m2l/nn'

/**
 * Which parts of the supports are linked.
 *
 * `identity`: each only with itself, which is what the published program computes, since it gives every part
 * a label of its own. `class`: the parts of one class. `full`: all parts of the episode.
 */
export type PartAdjacency = 'identity' | 'class' | 'full'

/**
 * The part-level graph network with a residual (Chen et al., ICANN 2022, section 3.3):
 * `x + A(relu(A(x W1) + b1), dropped out) W2 + b2`, widths c - 4c - c, where `A` is the row-normalised
 * adjacency of the parts with self loops.
 *
 * `W2` and `b2` start at zero, so that a fresh graph leaves the features of a pretrained backbone as they are
 * (as residual branches are started by Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 5.1).
 */
export class PartGraph {
  readonly state: StateDict
  readonly #adjacency: PartAdjacency
  readonly #dropout: number

  /** @param dropout the probability with which a hidden unit is dropped in training */
  constructor(options: { channels: number; adjacency: PartAdjacency; dropout: number; key: RandomKey }) {
    const { channels, adjacency, key } = options
    this.#adjacency = adjacency
    this.#dropout = options.dropout
    const hidden = 4 * channels
    this.state = {
      'gc1.weight': withinRootOfOutputs(key.fold('gc1.weight'), [channels, hidden]),
      'gc1.bias': withinRootOfOutputs(key.fold('gc1.bias'), [hidden]),
      'gc2.weight': learned('plain', () => tf.zeros([hidden, channels])),
      'gc2.bias': learned('plain', () => tf.zeros([channels])),
    }
  }

  /**
   * Adapts the support parts of an episode to one another.
   *
   * @param parts [images, parts, channels], sorted by class
   * @param support its `shots`; with `drawnShots` all classes count alike in the mean of all parts, whatever
   *   they have
   * @returns [images, parts, channels]
   */
  apply(
    parts: tf.Tensor3D,
    support: Pick<Support, 'shots' | 'drawnShots'>,
    context: ForwardContext,
  ): tf.Tensor3D {
    return tf.tidy(() => {
      const [images, count, channels] = parts.shape
      const weight = (name: string) => this.state[name]!.value
      const propagate = this.#propagation(support, count)
      const nodes = parts.reshape([images * count, channels])
      const hidden = tf.relu(
        tf.add(propagate(tf.matMul(nodes, weight('gc1.weight') as tf.Tensor2D)), weight('gc1.bias')),
      )
      const kept = dropout(hidden, this.#dropout, context, 'part graph dropout')
      const change = tf.add(
        propagate(tf.matMul(kept as tf.Tensor2D, weight('gc2.weight') as tf.Tensor2D)),
        weight('gc2.bias'),
      )
      return tf.add(nodes, change).reshape([images, count, channels]) as tf.Tensor3D
    })
  }

  /** Multiplication by the row-normalised adjacency. */
  #propagation(
    { shots, drawnShots = Infinity }: Pick<Support, 'shots' | 'drawnShots'>,
    count: number,
  ): (nodes: tf.Tensor) => tf.Tensor {
    if (this.#adjacency === 'identity') return (nodes) => nodes
    const isAlike = shots.every((shot) => shot <= drawnShots)
    if (shots.length === 1 || (this.#adjacency === 'full' && isAlike))
      return (nodes) => tf.add(tf.mean(nodes, 0, true), tf.zerosLike(nodes))
    const classOfNode = shots.flatMap((shot, label) => Array.from({ length: shot * count }, () => label))
    const nodesOfClass = shots.map((shot) => shot * count)
    const membership = tf.oneHot(tf.tensor1d(classOfNode, 'int32'), shots.length, 1, 0, 'float32') // [nodes, ways]
    const average = tf.div(membership, tf.tensor1d(nodesOfClass)) // [nodes, ways]
    const means = (nodes: tf.Tensor) => tf.matMul(average, nodes, true, false) // [ways, channels]
    if (this.#adjacency === 'class') return (nodes) => tf.matMul(membership, means(nodes))
    const weights = shots.map((shot) => Math.min(shot, drawnShots))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const shares = tf.tensor2d(weights.map((weight) => [weight / total]))
    return (nodes) => tf.add(tf.sum(tf.mul(means(nodes), shares), 0, true), tf.zerosLike(nodes))
  }
}

/**
 * Uniform within one over the root of the number of outputs, as graph convolutions are initialised (Kipf and
 * Welling 2017).
 */
function withinRootOfOutputs(key: RandomKey, shape: readonly number[]): Parameter {
  const bound = 1 / Math.sqrt(shape.at(-1)!)
  return learned('plain', () => uniform(key, shape, -bound, bound))
}
