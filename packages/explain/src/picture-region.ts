import { wholeWindow, type Size, type View } from '@m2l/pictures'
import type { Region } from '@m2l/nn'

/**
 * Where in a picture a region of a view of it lies: back through mirroring, the cut, the resize and the
 * window.
 *
 * @param region in shares of the view's height and width
 * @param picture its size in pixels
 * @returns in shares of the picture's height and width
 */
export function pictureRegion(region: Region, view: View, picture: Size): Region {
  const { window, size, cut = wholeWindow(size), flip } = view
  const down = axis({
    window: [window.top, window.height],
    size: size.height,
    cut: [cut.top, cut.height],
    picture: picture.height,
  })
  const across = axis({
    window: [window.left, window.width],
    size: size.width,
    cut: [cut.left, cut.width],
    picture: picture.width,
  })
  const [left, right] = flip ? [1 - region.right, 1 - region.left] : [region.left, region.right]
  return { top: down(region.top), bottom: down(region.bottom), left: across(left), right: across(right) }
}

interface Axis {
  /** Start and length in the picture. */
  readonly window: readonly [number, number]
  /** The length that the window is resized to. */
  readonly size: number
  /** Start and length in the resized window. */
  readonly cut: readonly [number, number]
  readonly picture: number
}

function axis({ window: [start, length], size, cut: [cutStart, cutLength], picture }: Axis) {
  return (share: number) => (start + ((cutStart + share * cutLength) * length) / size) / picture
}
