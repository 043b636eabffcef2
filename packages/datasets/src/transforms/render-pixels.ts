import type { RgbImage } from '../rgb-image.js'
import { axisMap } from './axis-map.js'
import { type LevelMap, levelMap, type Normalisation } from './level-map.js'
import { resampleColumns, resampleRows, resampleRowsToValues } from './resample.js'
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
}

/**
 * Computes views of pictures, to the bit as Pillow 13's `crop`, `resize(…, BILINEAR)`, `crop`, `transpose` do:
 * one axis after the other, in fixed point, rounded to 8 bits after each.
 *
 * A view that needs no resize is an exact copy. The taps of a resize are few, so their sums on 8-bit pixels cost
 * less than dense matrix products on the engine; the batch goes there once. Memory beside the result is one view's.
 *
 * @param memory takes the values; it holds as many as the views have.
 * @throws RangeError when the lists differ in length, a view does not fit its image, or result sizes differ.
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
  const { window, size, cut = wholeWindow(size), flip } = view
  const columns = axisMap({
    windowStart: window.left,
    windowLength: window.width,
    resizedLength: size.width,
    cutStart: cut.left,
    cutLength: cut.width,
    reversed: flip,
  })
  const rows = axisMap({
    windowStart: window.top,
    windowLength: window.height,
    resizedLength: size.height,
    cutStart: cut.top,
    cutLength: cut.height,
    reversed: false,
  })
  const source = { data: image.data, width: image.width, top: 0, left: 0 }
  if (columnsFirst(window, size)) {
    const data = scratch.between.bytes((rows.end - rows.start) * columns.length * 3)
    resampleColumns(source, columns, rows.start, rows.end, data)
    const between = { data, width: columns.length, top: rows.start, left: 0 }
    resampleRowsToValues(between, rows, levels, output)
  } else {
    const width = columns.end - columns.start
    const data = scratch.between.bytes(rows.length * width * 3)
    resampleRows(source, rows, columns.start, columns.end, data)
    const between = { data, width, top: 0, left: columns.start }
    const result = scratch.result.bytes(rows.length * columns.length * 3)
    resampleColumns(between, columns, 0, rows.length, result)
    const { scale, shift } = levels
    for (let position = 0; position < output.length; position += 3) {
      output[position] = result[position]! * scale[0] + shift[0]
      output[position + 1] = result[position + 1]! * scale[1] + shift[1]
      output[position + 2] = result[position + 2]! * scale[2] + shift[2]
    }
  }
}

/** Pillow 13's rule: the height goes first only where it shrinks by more than twice what the width does. */
function columnsFirst(window: Size, size: Size): boolean {
  const shrinkage = window.height - size.height
  return shrinkage <= 0 || shrinkage <= 2 * (window.width - size.width)
}

/** Memory of one view's passes, reused by the next view; nothing asynchronous happens between them. */
class Scratch {
  #bytes = new Uint8Array(0)

  bytes(length: number): Uint8Array {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length)
    return this.#bytes
  }
}

const scratch = { between: new Scratch(), result: new Scratch() }
