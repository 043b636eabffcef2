import type { RenderedViews, RenderOptions, RgbImage, View } from '@m2l/pictures'
import { pictureThreads } from './picture-threads.js'

/**
 * Computes what `renderViews` does on other threads, to the bit, so that the engine can compute meanwhile;
 * `viewsTensor` makes the tensor. The first views of a process, until they have taken about a second, and all
 * where there is one core, are rendered on the calling thread, because starting threads would cost more than
 * it brings.
 *
 * @throws {RangeError} when the lists differ in length, a view does not fit its image, or result sizes
 *   differ.
 */
export async function renderAhead(
  images: readonly RgbImage[],
  views: readonly (readonly View[])[],
  options: RenderOptions = {},
): Promise<RenderedViews> {
  const threads = pictureThreads()
  const rendered = await threads.render({ images, views, options })
  return { ...rendered, release: () => threads.release(rendered) }
}
