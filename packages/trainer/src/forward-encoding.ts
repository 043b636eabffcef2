import type { EmbeddingField } from '@m2l/metric'

/** What of an image passes the backbone: all of it, or its parts one by one. */
export type ImageView = 'whole' | 'parts'

/**
 * What the positions of an embedding's `map` are.
 *
 * `positions`: those of the backbone's map of the whole image. `pyramid`: averages of these over grids of `sizes` cells a
 * side (see `pyramidPool` of `@m2l/nn`). `parts`: the parts of the image, each pooled.
 */
export type ForwardEncoding =
  | { readonly map: 'positions' }
  | { readonly map: 'pyramid'; readonly sizes: readonly number[] }
  | { readonly map: 'parts' }

/** The views of an image that these fields of its embedding are made from. */
export function viewsFor(needs: readonly EmbeddingField[], { map }: ForwardEncoding): readonly ImageView[] {
  const needsParts = needs.includes('parts') || (needs.includes('map') && map === 'parts')
  const needsWhole = needs.includes('map') && map !== 'parts'
  return [...(needsWhole ? (['whole'] as const) : []), ...(needsParts ? (['parts'] as const) : [])]
}
