import { InputError } from '@m2l/engine'
import { assertSide } from './side.js'
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
  const margin = resized - side
  if (margin < 0) {
    throw new InputError(
      `resizeThenCrop: cannot cut ${side} pixels out of ${resized}; resize to ${side} or more`,
    )
  }
  const size = { height: resized, width: resized }
  return (image, key) => {
    const random = key?.generator()
    const top = random ? random.integer(margin + 1) : roundHalfToEven(margin / 2)
    const left = random ? random.integer(margin + 1) : roundHalfToEven(margin / 2)
    const cut = { top, left, height: side, width: side }
    return [{ window: wholeWindow(image), size, cut, flip: random !== undefined && random.uniform() < 0.5 }]
  }
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value)
  return value - below === 0.5 ? below + (below % 2) : Math.round(value)
}
