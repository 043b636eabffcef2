import { gridShares } from '@m2l/pictures'
import type { EmbeddingField } from '@m2l/metric'
import type { Region } from '@m2l/nn'
import type { ForwardEncoding } from '../model/forward-encoding.js'
import type { CheckedRecipe } from '../recipe/check-recipe.js'

/**
 * What the levels see of an image: `FCN` the backbone's positions, `PyramidFCN-5,2,1` their averages over
 * grids, `Grid-3,2` the parts - as they are where a level asks for parts, with the positions of the whole
 * image beside them for the other levels, as in the paper; else, as in the published program, in place of
 * positions. With `model.parts: map` parts are regions of the whole image's map: those that the crops cover
 * in evaluation. `Centre` and `Mean` are one position, the average of the backbone's map under this window,
 * `Centre-stage7,head` those of several stages side by side.
 *
 * @param needs what the levels need, together
 */
export function forwardEncoding(
  { model, resolved }: Pick<CheckedRecipe, 'model' | 'resolved'>,
  needs: readonly EmbeddingField[],
): ForwardEncoding {
  const said = resolved.encoding
  if (said.kind === 'pyramid') return { map: 'pyramid', sizes: said.sizes }
  if (said.kind === 'pooled') return { map: 'pooled', window: said.window, stages: said.stages }
  const inPlaceOfPositions = said.kind === 'parts' && !needs.includes('parts')
  const hasParts = inPlaceOfPositions || needs.includes('parts')
  const grids = hasParts && model.parts === 'map' ? resolved.grids : undefined
  return {
    map: inPlaceOfPositions ? 'parts' : 'positions',
    regions: grids && gridRegions(grids),
  }
}

/**
 * The cells of grids as regions of an image, in the order of the crops: grids as written, cells row by row.
 */
function gridRegions(grids: readonly number[]): Region[] {
  return grids.flatMap((cells) => {
    const shares = gridShares(cells)
    return shares.flatMap(([top, bottom]) => shares.map(([left, right]) => ({ top, bottom, left, right })))
  })
}
