import { tf } from '@m2l/engine'

/**
 * How the positions of a map count in its average: `mean`, all alike; `centre`, by a Hann window, the less
 * the nearer they are to the border, where a network sees padding and pictures show what lies behind.
 */
export type PoolingWindow = 'mean' | 'centre'

/** The windows by name. */
export const poolingWindows = ['mean', 'centre'] as const satisfies readonly PoolingWindow[]

/**
 * The average of a feature map under a window.
 *
 * Position i of n along a side weighs sin²(π (i + 1) / (n + 1)) under `centre`: a raised cosine that reaches
 * zero just outside of the map.
 *
 * @param map [n, height, width, channels]
 * @returns [n, 1, 1, channels]
 */
export function windowPool(map: tf.Tensor4D, window: PoolingWindow): tf.Tensor4D {
  return tf.tidy(() => {
    const [, height, width] = map.shape
    if (window === 'mean') return tf.mean(map, [1, 2], true) as tf.Tensor4D
    const down = tf.tensor4d(hannWeights(height), [1, height, 1, 1])
    const across = tf.tensor4d(hannWeights(width), [1, 1, width, 1])
    return tf.sum(tf.mul(map, tf.mul(down, across)), [1, 2], true) as tf.Tensor4D
  })
}

/** By how much each position of a map counts in its average under a window, row by row; together 1. */
export function windowWeights(window: PoolingWindow, height: number, width: number): number[] {
  const [down, across] = [height, width].map((length) =>
    window === 'mean' ? Array.from({ length }, () => 1 / length) : hannWeights(length),
  ) as [number[], number[]]
  return down.flatMap((ofRow) => across.map((ofColumn) => ofRow * ofColumn))
}

/** The weights of the positions along a side, together 1. */
function hannWeights(length: number): number[] {
  const weights = Array.from({ length }, (_, at) => Math.sin((Math.PI * (at + 1)) / (length + 1)) ** 2)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
