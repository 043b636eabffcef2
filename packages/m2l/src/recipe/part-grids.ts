import { parseGrid } from '@m2l/pictures'
import type { RecipeValues } from './schema.js'

/** The grids of parts where a recipe names no encoding, as published for M2L. */
export const publishedGrid = 'Grid-3,2'

/**
 * The grids that images are cut into, cells a side of each: those of `Grid-…`, or the published ones where the recipe
 * names no encoding; nothing where its encoding has no parts.
 */
export function partGrids({
  forward_encoding: encoding = publishedGrid,
}: RecipeValues['model']): readonly number[] | undefined {
  return encoding.startsWith('Grid-') ? parseGrid(encoding) : undefined
}
