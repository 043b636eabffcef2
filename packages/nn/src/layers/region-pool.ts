import { tf } from '@m2l/engine'
import { averagePositions } from './average-positions.js'

/** A rectangle of an image, in shares of its height and width: all of it from 0 to 1. */
export interface Region {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

/**
 * Averages feature maps over regions of the image. A position stands for its cell of the image - of a 5x5
 * map, a fifth of each side - and counts by how much of the region this cell covers, so that borders need not
 * lie between positions and a region may be smaller than a cell.
 *
 * One product with a constant matrix, whatever the regions.
 *
 * @param map [n, height, width, channels]
 * @param regions of the image
 * @returns [n, regions, channels], in the order given
 * @throws {RangeError} when there is no region, or one is empty or reaches beyond the image
 */
export function regionPool(map: tf.Tensor4D, regions: readonly Region[]): tf.Tensor3D {
  if (regions.length === 0) throw new RangeError('features are averaged over 1 or more regions, not none')
  const [, height, width] = map.shape
  const weights = regions.map((region) => {
    const { top, bottom, left, right } = region
    if (!isWithin(top, bottom) || !isWithin(left, right)) {
      throw new RangeError(`a region covers a share of an image from 0 to 1, not ${JSON.stringify(region)}`)
    }
    const across = spanWeights(width, left, right)
    return spanWeights(height, top, bottom).flatMap((y) => across.map((x) => y * x))
  })
  return averagePositions(map, weights)
}

function isWithin(start: number, end: number): boolean {
  return start >= 0 && start < end && end <= 1
}

/** For each of the positions along a side, the share of a span that its cell covers. */
function spanWeights(length: number, start: number, end: number): number[] {
  return Array.from({ length }, (_, at) => {
    const overlap = Math.min(end, (at + 1) / length) - Math.max(start, at / length)
    return Math.max(0, overlap) / (end - start)
  })
}
