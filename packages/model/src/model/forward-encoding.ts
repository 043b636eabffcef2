import type { EmbeddingField } from '@m2l/metric'
import type { Region } from '@m2l/nn'
import type { StagePooling } from './pool-stages.js'

/** What of an image passes the backbone: all of it, or its parts one by one. */
export type ImageView = 'whole' | 'parts'

/** How an embedding is made of what the backbone makes of an image. */
export type ForwardEncoding = MapEncoding & PartEncoding

/**
 * What the positions of an embedding's `map` are.
 *
 * `positions`: those of the backbone's map of the whole image. `pyramid`: averages of these over grids of
 * `sizes` cells a side (see `pyramidPool` of `@m2l/nn`). `parts`: the parts of the image, each pooled.
 * `pooled`: a single one, the feature of the whole image (see `embedPooled`).
 */
type MapEncoding =
  | { readonly map: 'positions' }
  | { readonly map: 'pyramid'; readonly sizes: readonly number[] }
  | { readonly map: 'parts' }
  | ({ readonly map: 'pooled' } & StagePooling)

/**
 * What the parts of an image are: views of their own, each passed through the backbone and pooled, as
 * published; or, where `regions` are given, averages over these of the backbone's map of the whole image (see
 * `regionPool` of `@m2l/nn`), which cost no forward pass.
 */
interface PartEncoding {
  readonly regions?: readonly Region[]
}

/** The views of an image that these fields of its embedding are made from. */
export function viewsFor(needs: readonly EmbeddingField[], encoding: ForwardEncoding): readonly ImageView[] {
  const { map, regions } = encoding
  if (regions) return needs.length > 0 ? ['whole'] : []
  const needsParts = needs.includes('parts') || (needs.includes('map') && map === 'parts')
  const needsWhole = needs.includes('map') && map !== 'parts'
  return [...(needsWhole ? (['whole'] as const) : []), ...(needsParts ? (['parts'] as const) : [])]
}
