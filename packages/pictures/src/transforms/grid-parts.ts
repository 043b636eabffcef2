import { InputError } from '@m2l/engine'
import { assertSide } from './side.js'
import type { Transform } from './transform.js'

/** Start (inclusive) and end (exclusive) of a crop along one side, in pixels. */
export type Span = readonly [start: number, end: number]

/** How many cells long a crop is in evaluation. */
const evaluationRatio = 2

/**
 * Overlapping crops of the raw picture on square grids, each resized to a square: the parts of M2L's part
 * level.
 *
 * `gridParts([3, 2], 84)` gives 3x3 + 2x2 = 13 views, grids in the order written, cells row by row. A crop is
 * `ratio` times as long as a cell: 2 in evaluation; 1 + 2u in training, u uniform, drawn for the picture and
 * each grid, where every crop is also mirrored half of the time on its own. Source: Chen et al., "Multi-level
 * Metric Learning for Few-Shot Image Recognition" (ICANN 2022), local-part branch.
 *
 * @param grids cells along a side of each grid, for example [3, 2].
 * @param side of every result, in pixels.
 * @throws {InputError} when a number is not a positive whole one, and from the transform when the picture is
 *   too small for a grid.
 */
export function gridParts(grids: readonly number[], side: number): Transform {
  assertSide('gridParts', side)
  if (grids.length === 0 || !grids.every((cells) => Number.isInteger(cells) && cells >= 1)) {
    throw new InputError(
      `gridParts: [${grids.join(', ')}] is not a list of cells along a side; give whole numbers of at least 1`,
    )
  }
  const size = { height: side, width: side }
  return (image, key) => {
    const random = key?.generator()
    return grids.flatMap((cells) => {
      const ratio = random ? 1 + 2 * random.uniform() : evaluationRatio
      const columns = gridSpans(image.width, cells, ratio, image.name)
      return gridSpans(image.height, cells, ratio, image.name).flatMap(([top, bottom]) =>
        columns.map(([left, right]) => ({
          window: { top, left, height: bottom - top, width: right - left },
          size,
          flip: random !== undefined && random.uniform() < 0.5,
        })),
      )
    })
  }
}

/**
 * The crops of a grid along one side: centres a cell apart, each crop `ratio` cells long, cut off at the
 * ends. The M2L reference program's whole-number arithmetic, its rounding included.
 *
 * @param length of the side, in pixels.
 * @param cells along the side, at least 1.
 * @param ratio of a crop's length to a cell's, at least 1.
 * @param name of the picture, for a message.
 * @throws {InputError} when the side has less than two pixels a cell, so that a crop would be empty.
 */
export function gridSpans(length: number, cells: number, ratio: number, name?: string): Span[] {
  const reach = Math.floor(Math.floor((length / cells) * ratio) / 2)
  if (reach < 1) {
    throw new InputError(
      `${name === undefined ? '' : `${name}: `}a picture of ${length} ${length === 1 ? 'pixel' : 'pixels'} a side is too small for a grid of ${cells} cells; it needs ${2 * cells} or more`,
    )
  }
  const step = Math.floor(length / cells)
  return Array.from({ length: cells }, (_, index) => {
    const centre = Math.floor(step / 2) + index * step
    return [Math.max(0, centre - reach), Math.min(length, centre + reach)] as const
  })
}

/**
 * The crops of a grid along one side in evaluation, as shares of the side: what `gridSpans` gives for
 * pictures so large that its rounding does not show.
 *
 * @param cells along the side, at least 1.
 * @returns start and end of each crop, from 0 to 1.
 */
export function gridShares(cells: number): (readonly [start: number, end: number])[] {
  const reach = evaluationRatio / 2
  return Array.from({ length: cells }, (_, index) => {
    const centre = index + 1 / 2
    return [Math.max(0, centre - reach) / cells, Math.min(cells, centre + reach) / cells] as const
  })
}

/**
 * Reads a grid as recipes write it: `Grid-3,2` is [3, 2].
 * @throws {InputError} when it is written otherwise.
 */
export function parseGrid(text: string): number[] {
  const match = /^Grid-([1-9]\d*(?:,[1-9]\d*)*)$/.exec(text)
  if (!match) {
    throw new InputError(
      `"${text}" is not a grid; write the cells along a side of each, for example Grid-3,2`,
    )
  }
  return match[1]!.split(',').map(Number)
}
