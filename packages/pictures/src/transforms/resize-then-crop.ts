import { InputError } from '@m2l/engine'
import type { ResizeFilter } from '@m2l/nn'
import { assertSide } from './side.js'
import { cropTransform } from './crop-transform.js'
import type { Transform } from './transform.js'

/**
 * The whole picture resized to a square, its aspect not kept, then a smaller square cut out: at a random
 * place and mirrored half of the time in training, from the centre in evaluation (rounded as torchvision's
 * `CenterCrop` does). `resizeThenCrop(92, 84)` is what the M2L reference program does to whole images before
 * ResNet-12.
 *
 * @param resized side after the resize, in pixels.
 * @param side of the result, in pixels, not larger than `resized`.
 * @param filter how the resize weighs pixels; bilinear if not given.
 * @throws {InputError} when a side is not a whole number of at least one pixel, or the crop is larger than
 *   the resize.
 */
export function resizeThenCrop(resized: number, side: number, filter?: ResizeFilter): Transform {
  assertSide('resizeThenCrop', resized)
  assertSide('resizeThenCrop', side)
  if (resized < side) {
    throw new InputError(
      `resizeThenCrop: cannot cut ${side} pixels out of ${resized}; resize to ${side} or more`,
      { code: 'option' },
    )
  }
  const size = { height: resized, width: resized }
  return cropTransform(() => size, side, filter)
}
