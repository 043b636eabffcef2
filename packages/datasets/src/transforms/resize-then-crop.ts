import { InputError } from '@m2l/engine'
import { assertSide } from './side.js'
import { centreCut, randomCut } from './square-cut.js'
import type { Transform } from './transform.js'
import { wholeWindow } from './view.js'

/**
 * The whole picture resized to a square, its aspect not kept, then a smaller square cut out: at a random place and
 * mirrored half of the time in training, from the centre in evaluation (rounded as torchvision's `CenterCrop` does).
 * `resizeThenCrop(92, 84)` is what the M2L reference program does to whole images before ResNet-12.
 *
 * @param resized side after the resize, in pixels.
 * @param side of the result, in pixels, not larger than `resized`.
 * @throws InputError when a side is not a whole number of at least one pixel, or the crop is larger than the resize.
 */
export function resizeThenCrop(resized: number, side: number): Transform {
  assertSide('resizeThenCrop', resized)
  assertSide('resizeThenCrop', side)
  if (resized < side) {
    throw new InputError(
      `resizeThenCrop: cannot cut ${side} pixels out of ${resized}; resize to ${side} or more`,
    )
  }
  const size = { height: resized, width: resized }
  return (image, key) => {
    const window = wholeWindow(image)
    if (!key) return [{ window, size, cut: centreCut(size, side), flip: false }]
    const random = key.generator()
    return [{ window, size, cut: randomCut(size, side, random), flip: random.uniform() < 0.5 }]
  }
}
