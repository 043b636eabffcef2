import { nearestName } from '@m2l/engine'
import { parseGrid } from '@m2l/pictures'

/** What `model.forward_encoding` of a recipe may be, and how to say so. */
export const forwardEncodings = {
  pattern: /^(FCN|(PyramidFCN|Grid)-[1-9]\d*(,[1-9]\d*)*|(Mean|Centre)(-[\w.]+(,[\w.]+)*)?)$/,
  expected:
    'FCN, PyramidFCN-N,N…, Grid-N,N…, Mean or Centre with or without stages, for example Grid-3,2 or Centre-stage7,head',
}

const kinds = ['FCN', 'PyramidFCN', 'Grid', 'Mean', 'Centre']

/** `; did you mean Centre-stage7?` of `Center-stage7`, or nothing where none is near. */
export function meantEncoding(text: string): string {
  const [kind] = text.split('-', 1)
  const near = nearestName(kind!, kinds)
  const meant = near === undefined ? undefined : `${near}${text.slice(kind!.length)}`
  return meant !== undefined && forwardEncodings.pattern.test(meant) ? `; did you mean ${meant}?` : ''
}

/** What levels see of a picture: `model.forward_encoding` of a recipe as plain data. */
export type SaidEncoding =
  | { readonly kind: 'positions' }
  | { readonly kind: 'pyramid'; readonly sizes: readonly number[] }
  /** Cells along a side of each grid of parts. */
  | { readonly kind: 'parts'; readonly grids: readonly number[] }
  | { readonly kind: 'pooled'; readonly window: 'mean' | 'centre'; readonly stages: readonly string[] }

/** The grids of parts where a recipe names no encoding, as published for M2L. */
export const publishedGrid = 'Grid-3,2'

/** @param text matches {@link forwardEncodings}; without it levels see positions */
export function saidEncoding(text = 'FCN'): SaidEncoding {
  const [, kind, said] = /^(\w+)(?:-(.*))?$/.exec(text)!
  switch (kind) {
    case 'PyramidFCN':
      return { kind: 'pyramid', sizes: said!.split(',').map(Number) }
    case 'Grid':
      return { kind: 'parts', grids: parseGrid(text) }
    case 'Mean':
    case 'Centre':
      return { kind: 'pooled', window: kind === 'Mean' ? 'mean' : 'centre', stages: said?.split(',') ?? [] }
    default:
      return { kind: 'positions' }
  }
}

/**
 * The grids that images are cut into, cells a side of each: those that an encoding names, or the published
 * ones where none is named; nothing where the encoding has no parts.
 */
export function partGrids(text: string = publishedGrid): readonly number[] | undefined {
  const said = saidEncoding(text)
  return said.kind === 'parts' ? said.grids : undefined
}
