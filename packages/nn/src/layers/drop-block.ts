import { randomUniform, tf, type RandomKey } from '@m2l/engine'

/**
 * The share of features that DropBlock keeps on a schedule: it falls linearly from 1 to .9 over 40,000
 * batches, as few-shot ResNet-12s are trained (Lee et al. 2019, "Meta-Learning with Differentiable Convex
 * Optimization").
 *
 * @param batchesSeen scalar, the number of batches up to and with this one
 * @returns scalar in [.9, 1]
 */
export function scheduledKeep(batchesSeen: tf.Tensor): tf.Scalar {
  return tf.tidy(() => tf.maximum(tf.sub(1, tf.mul(batchesSeen, 0.1 / 40_000)), 0.9))
}

/**
 * Drops squares of the feature maps (Ghiasi et al. 2018, "DropBlock", Algorithm 1).
 *
 * Seeds are drawn on the positions where a whole square fits, with the rate at which a share `1 - keep` is
 * dropped; each zeroes the square that extends down and right from it, in its image and channel alone. What
 * is left is scaled by the number of elements over the number left. Where the map is smaller than
 * `blockSize`, squares are as large as the map's shorter side.
 *
 * @param x [n, height, width, channels]
 * @param keep scalar in (0, 1], the share of features to keep
 * @returns the same shape
 */
export function dropBlock(x: tf.Tensor4D, keep: tf.Tensor, blockSize: number, key: RandomKey): tf.Tensor4D {
  const [n, height, width, channels] = x.shape
  const block = Math.min(blockSize, height, width)
  const rows = height - block + 1
  const columns = width - block + 1
  const seedsPerDrop = (height * width) / (block * block * rows * columns)
  const around: [number, number] = [block - 1, block - 1]
  return tf.tidy(() => {
    const rate = tf.mul(tf.sub(1, keep), seedsPerDrop)
    const seeds = tf.less(randomUniform(key, [n, rows, columns, channels]), rate)
    const padded = tf.pad(tf.cast(seeds, 'float32') as tf.Tensor4D, [[0, 0], around, around, [0, 0]])
    const dropped = tf.maxPool(padded, block, 1, 'valid') // [n, height, width, channels]
    const left = tf.sub(1, dropped)
    const scale = tf.div(x.size, tf.maximum(tf.sum(left), 1))
    return tf.mul(x, tf.mul(left, scale))
  })
}
