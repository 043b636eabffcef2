import { viewSize, type Size } from '@m2l/pictures'
import type { EmbeddingField } from '@m2l/metric'
import type { Region } from '@m2l/nn'
import type { FewShotModel, ImageTransforms } from '@m2l/model'
import { pictureRegion } from './picture-region.js'

/**
 * Where in a picture the positions of its embedding lie.
 *
 * @param field whose positions are meant
 * @param picture the size of the picture, in pixels
 * @returns in the order of the positions, in shares of the picture's height and width
 */
export function placesOf(
  field: EmbeddingField,
  { backbone, encoding }: FewShotModel,
  transforms: ImageTransforms,
  picture: Size,
): Region[] {
  const inWhole = (regions: readonly Region[]) => {
    const [view] = transforms.whole(picture)
    return regions.map((region) => pictureRegion(region, view!, picture))
  }
  if (field === 'parts' || encoding.map === 'parts') {
    if (encoding.regions) return inWhole(encoding.regions)
    return transforms.parts!(picture).map((view) => pictureRegion(everything, view, picture))
  }
  const { height, width } = viewSize(transforms.whole(picture)[0]!)
  const [rows, columns] = backbone.outputSize(height, width)
  if (encoding.map === 'positions') return inWhole(cells([rows, columns], [rows, columns]))
  const sizes = encoding.map === 'pyramid' ? encoding.sizes : [1]
  return inWhole(sizes.flatMap((size) => cells([size, size], [rows, columns])))
}

/** All of a picture. */
export const everything: Region = { top: 0, bottom: 1, left: 0, right: 1 }

type Counts = readonly [rows: number, columns: number]

/** The cells of a grid over positions, row by row; a cell covers every position that it touches. */
export function cells([down, across]: Counts, [rows, columns]: Counts): Region[] {
  return Array.from({ length: down }, (_, row) => span(row, down, rows)).flatMap(([top, bottom]) =>
    Array.from({ length: across }, (_, column) => {
      const [left, right] = span(column, across, columns)
      return { top, bottom, left, right }
    }),
  )
}

function span(cell: number, cellCount: number, positions: number): readonly [start: number, end: number] {
  const start = Math.floor((cell * positions) / cellCount) / positions
  return [start, Math.ceil(((cell + 1) * positions) / cellCount) / positions]
}
