import type { ImageView } from '../model/forward-encoding.js'
import type { ImageTransforms } from './image-tensors.js'

/** Views of so many pixels are in memory in a batch: 128 of 224 x 224. */
const pixelsPerBatch = 128 * 224 ** 2

/** Larger than what any transform needs; the size of views does not depend on it. */
const somePicture = { height: 4096, width: 4096 }

/**
 * How many images pass a network at once: fewer where their views are large, so that batches take bounded
 * memory.
 *
 * @param views of each image
 * @param most images, each with all its parts or without any
 */
export function imagesPerBatch(
  views: readonly ImageView[],
  transforms: ImageTransforms,
  most: { readonly withParts: number; readonly withoutParts: number },
): number {
  const pixels = views
    .flatMap((view) => transforms[view]?.(somePicture) ?? [])
    .reduce((sum, { size, cut = { ...size, top: 0, left: 0 } }) => sum + cut.height * cut.width, 0)
  const images = views.includes('parts') ? most.withParts : most.withoutParts
  return Math.max(1, Math.min(images, Math.floor(pixelsPerBatch / pixels)))
}
