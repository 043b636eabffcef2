import { InputError } from '@m2l/engine'
import type { ResizeFilter } from '@m2l/nn'
import { cropTransform } from './crop-transform.js'
import { assertSide } from './side.js'
import type { Transform } from './transform.js'
import type { Size } from './view.js'

/**
 * The shorter side of the picture resized, its aspect kept, then a square cut out: torchvision's `Resize` and
 * `CenterCrop`.
 *
 * @param shorter length of the shorter side after the resize, in pixels.
 * @param side of the result, in pixels, not larger than `shorter`.
 * @param filter how the resize weighs pixels; bilinear if not given.
 * @throws {InputError} when a side is not a whole number of at least one pixel, or the crop is larger than
 *   the resize.
 */
export function shorterSideThenCrop(shorter: number, side: number, filter?: ResizeFilter): Transform {
  assertSide('shorterSideThenCrop', shorter)
  assertSide('shorterSideThenCrop', side)
  if (shorter < side) {
    throw new InputError(
      `shorterSideThenCrop: cannot cut ${side} pixels out of a shorter side of ${shorter}; resize to ${side} or more`,
      { code: 'option' },
    )
  }
  return cropTransform((picture) => withShorterSide(picture, shorter), side, filter)
}

/**
 * The size of a picture whose shorter side became this many pixels; the longer one is cut off to whole
 * pixels, as in torchvision.
 */
function withShorterSide({ height, width }: Size, shorter: number): Size {
  return height < width
    ? { height: shorter, width: Math.floor((shorter * width) / height) }
    : { height: Math.floor((shorter * height) / width), width: shorter }
}
