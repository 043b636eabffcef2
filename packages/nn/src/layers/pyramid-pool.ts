import type { tf } from '@m2l/engine'
import { averagePositions } from './average-positions.js'

/**
 * Averages feature maps over grids of cells: PyTorch's `adaptive_avg_pool2d` to each of the sizes, the
 * results one after the other. Cell i of s covers the positions from floor(i length / s) up to ceil((i + 1)
 * length / s), so that cells may overlap and a map may be smaller than a grid.
 *
 * One product with a constant matrix, whatever the sizes.
 *
 * @param map [n, height, width, channels]
 * @param sizes cells along a side of each grid, for example [5, 2, 1]
 * @returns [n, sum of the squared sizes, 1, channels], grids in the order given, cells row by row
 * @throws {RangeError} when there is no size, or one is not a whole number of at least 1
 */
export function pyramidPool(map: tf.Tensor4D, sizes: readonly number[]): tf.Tensor4D {
  if (sizes.length === 0 || !sizes.every((size) => Number.isInteger(size) && size >= 1)) {
    throw new RangeError(`a pyramid has grids of 1 or more cells a side, not [${sizes.join(', ')}]`)
  }
  const [n, height, width, channels] = map.shape
  const weights = sizes.flatMap((size) => gridRows(height, width, size))
  return averagePositions(map, weights).reshape([n, weights.length, 1, channels])
}

/** For each cell of a grid, how much each position of the map counts in its average. */
function gridRows(height: number, width: number, size: number): number[][] {
  const down = cellWeights(height, size)
  const across = cellWeights(width, size)
  return down.flatMap((ofRow) => across.map((ofColumn) => ofRow.flatMap((y) => ofColumn.map((x) => y * x))))
}

/** For each cell along a side, the weight of each position: one over the length of the cell, or 0 outside. */
function cellWeights(length: number, size: number): number[][] {
  return Array.from({ length: size }, (_, cell) => {
    const start = Math.floor((cell * length) / size)
    const end = Math.ceil(((cell + 1) * length) / size)
    return Array.from({ length }, (_value, at) => (at >= start && at < end ? 1 / (end - start) : 0))
  })
}
