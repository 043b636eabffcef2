import { tf } from '@m2l/engine'
import type { RgbImage } from '../rgb-image.js'
import { type RenderedViews, type RenderOptions, renderPixels } from './render-pixels.js'
import type { View } from './view.js'

/**
 * Computes views of pictures as one tensor, to the bit as Pillow 13 does; see {@link renderPixels}.
 *
 * @param images sources of any sizes.
 * @param views for each image its views; all of one result size.
 * @returns float32 [total views, height, width, 3], levels 0-255 unless normalised; the views of image 0
 *   first.
 * @throws {RangeError} when the lists differ in length, a view does not fit its image, or result sizes
 *   differ.
 */
export function renderViews(
  images: readonly RgbImage[],
  views: readonly (readonly View[])[],
  options: RenderOptions = {},
): tf.Tensor4D {
  return viewsTensor(renderPixels(images, views, options))
}

/**
 * Rendered views as a tensor, which may look at their memory until it is disposed.
 *
 * @returns float32 [count, height, width, 3].
 */
export function viewsTensor({ count, height, width, data }: RenderedViews): tf.Tensor4D {
  return tf.tensor4d(data, [count, height, width, 3])
}
