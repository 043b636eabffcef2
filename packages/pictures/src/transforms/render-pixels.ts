import type { RgbImage } from '../rgb-image.js'
import { axisMap } from './axis-map.js'
import { type LevelMap, levelMap, type Normalisation } from './level-map.js'
import { resample } from './resample.js'
import { type Size, type View, assertViewFits, viewSize, wholeWindow } from './view.js'

/** How views are rendered. */
export interface RenderOptions {
  /** Gives (level / 255 - mean) / std instead of levels. */
  readonly normalisation?: Normalisation
}

/** Views of one size as plain numbers, which may come from another thread. */
export interface RenderedViews extends Size {
  readonly count: number
  /** float32 [count, height, width, 3]. */
  readonly data: Float32Array
  /**
   * Gives the memory back for later views, once nobody looks at it any more. Not calling it costs time only.
   */
  release?(): void
}

/**
 * Computes views of pictures, to the bit as Pillow 13's `crop`, `resize` (BILINEAR or BICUBIC), `crop`,
 * `transpose` do: one axis after the other, in fixed point, rounded to 8 bits after each.
 *
 * A view that needs no resize is an exact copy. The taps of a resize are few, so their sums on 8-bit pixels
 * cost less than dense matrix products on the engine; the batch goes there once. Memory beside the result is
 * a few rows'.
 *
 * @param memory takes the values; it holds as many as the views have.
 * @throws {RangeError} when the lists differ in length, a view does not fit its image, or result sizes
 *   differ.
 */
export function renderPixels(
  images: readonly RgbImage[],
  views: readonly (readonly View[])[],
  { normalisation }: RenderOptions = {},
  memory?: Float32Array,
): RenderedViews {
  const { count, size, valuesPerView } = checkedLayout(images, views)
  const data = memory ?? new Float32Array(count * valuesPerView)
  const levels = levelMap(normalisation)
  let offset = 0
  images.forEach((image, index) => {
    for (const view of views[index]!) {
      renderView(image, view, levels, data.subarray(offset, offset + valuesPerView))
      offset += valuesPerView
    }
  })
  return { count, ...size, data }
}

/** How many views there are, and the size that they share. */
export function checkedLayout(images: readonly Size[], views: readonly (readonly View[])[]) {
  if (images.length !== views.length) {
    throw new RangeError(`renderViews: ${images.length} images but views for ${views.length}`)
  }
  let count = 0
  let size: Size | undefined
  images.forEach((image, index) => {
    for (const view of views[index]!) {
      assertViewFits(view, image)
      const { height, width } = viewSize(view)
      size ??= { height, width }
      if (height !== size.height || width !== size.width) {
        throw new RangeError(
          `renderViews: views of one call share one result size, got ${size.height}x${size.width} and ${height}x${width}`,
        )
      }
      count++
    }
  })
  if (!size) throw new RangeError('renderViews: no view was asked for')
  return { count, size, valuesPerView: size.height * size.width * 3 }
}

function renderView(image: RgbImage, view: View, levels: LevelMap, output: Float32Array): void {
  const { window, size, filter = 'bilinear', cut = wholeWindow(size), flip } = view
  const columns = axisMap({
    windowStart: window.left,
    windowLength: window.width,
    resizedLength: size.width,
    cutStart: cut.left,
    cutLength: cut.width,
    reversed: flip,
    filter,
  })
  const rows = axisMap({
    windowStart: window.top,
    windowLength: window.height,
    resizedLength: size.height,
    cutStart: cut.top,
    cutLength: cut.height,
    reversed: false,
    filter,
  })
  resample(image, { columns, rows, columnsFirst: columnsFirst(window, size), levels }, output)
}

/** Pillow 13's rule: the height goes first only where it shrinks by more than twice what the width does. */
function columnsFirst(window: Size, size: Size): boolean {
  const shrinkage = window.height - size.height
  return shrinkage <= 0 || shrinkage <= 2 * (window.width - size.width)
}
