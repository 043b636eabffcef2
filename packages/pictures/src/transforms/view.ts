import type { ResizeFilter } from '@m2l/nn'

/** Rows and columns, in pixels. */
export interface Size {
  readonly height: number
  readonly width: number
}

/** A rectangle of whole pixels. */
export interface Rectangle extends Size {
  readonly top: number
  readonly left: number
}

/**
 * One look at a picture, as plain data: a window of it, resized, cut and mirrored.
 *
 * Cropping, resizing, cropping again and flipping is one linear map per axis, so every transform of this
 * package is a function that returns views, and {@link renderViews} is the only place where pixels are
 * computed.
 */
export interface View {
  /** The part of the source that is seen, in source pixels. What lies outside has no influence. */
  readonly window: Rectangle
  /** The window is resized to this, without keeping its aspect. */
  readonly size: Size
  /** How the resize weighs pixels; bilinear where absent. */
  readonly filter?: ResizeFilter
  /** This rectangle is then cut out of the resized window; the whole of it where absent. */
  readonly cut?: Rectangle
  /** Whether the result is mirrored left to right. */
  readonly flip: boolean
}

/** The window that shows all of a picture. */
export function wholeWindow({ height, width }: Size): Rectangle {
  return { top: 0, left: 0, height, width }
}

/** The size of the picture that a view gives. */
export function viewSize({ size, cut = wholeWindow(size) }: View): Size {
  return { height: cut.height, width: cut.width }
}

/**
 * Checks that a view fits a picture.
 * @throws {RangeError} when the window leaves the picture, the cut leaves the resized window, or a side is
 *   not a whole number of at least one pixel.
 */
export function assertViewFits(view: View, image: Size): void {
  assertInside('window', view.window, image)
  assertInside('size', wholeWindow(view.size), view.size)
  if (view.cut) assertInside('cut', view.cut, view.size)
}

function assertInside(what: string, { top, left, height, width }: Rectangle, outer: Size): void {
  const whole = [top, left, height, width].every(Number.isInteger)
  const inside = top >= 0 && left >= 0 && top + height <= outer.height && left + width <= outer.width
  if (whole && inside && height >= 1 && width >= 1) return
  throw new RangeError(
    `view: ${what} ${height}x${width} at row ${top}, column ${left} is not a rectangle of whole pixels ` +
      `inside ${outer.height}x${outer.width}`,
  )
}
