import { windowWeights, type PoolingWindow, type Region } from '@m2l/nn'

/**
 * A map of a view of a picture, as it is pooled: by the average of its positions, which is made of unit
 * length.
 */
export interface PooledMap {
  /** Where its positions lie in the picture, row by row. */
  readonly regions: readonly Region[]
  /** [positions, channels], each position's features times its weight in the average */
  readonly terms: Float32Array
  /** The average, of unit length. */
  readonly feature: Float32Array
  /** How long it was. */
  readonly length: number
}

/** @param map [height, width, channels] */
export function pooledMap(
  map: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  window: PoolingWindow,
  regions: readonly Region[],
): PooledMap {
  const weights = windowWeights(window, height, width)
  const terms = map.map((value, index) => value * weights[Math.floor(index / channels)]!)
  const sum = new Float64Array(channels)
  for (let index = 0; index < terms.length; index++) sum[index % channels]! += terms[index]!
  const length = Math.max(Math.hypot(...sum), leastLength)
  return { regions, terms, feature: Float32Array.from(sum, (value) => value / length), length }
}

/** A map of zeros has no direction; nothing comes from it. */
const leastLength = 1e-18

/**
 * What each position adds to a number, to first order: its features, as they are weighed, times the
 * derivative by the average they are summed to (gradient times activation at the map; HiResCAM, Draelos and
 * Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks", arXiv
 * 2011.08891, 2020). Since the average becomes of unit length, the number is homogeneous of degree 0 in it,
 * and the contributions sum to 0 (Euler's theorem).
 *
 * @param gradient [channels], the derivative by the feature of unit length
 * @param share by how much the feature counts in the picture's
 */
export function contributionsOf(
  { terms, feature, length, regions }: PooledMap,
  gradient: Float32Array,
  share: number,
): number[] {
  const channels = gradient.length
  const along = dot(feature, gradient, 0)
  const across = gradient.map((value, channel) => value - along * feature[channel]!)
  return regions.map((_, position) => (share * dot(terms, across, position * channels)) / length)
}

function dot(values: Float32Array, others: Float32Array, start: number): number {
  let sum = 0
  for (let index = 0; index < others.length; index++) sum += values[start + index]! * others[index]!
  return sum
}
