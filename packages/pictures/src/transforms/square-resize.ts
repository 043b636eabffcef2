import type { ResizeFilter } from '@m2l/nn'
import { assertSide } from './side.js'
import type { Transform } from './transform.js'
import { wholeWindow } from './view.js'

/**
 * The whole picture resized to a square, its aspect not kept; in training mirrored half of the time.
 * What the M2L reference program does to whole images before Conv-64F.
 *
 * @param side of the result, in pixels.
 * @param filter how the resize weighs pixels; bilinear if not given.
 * @throws {InputError} when the side is not a whole number of at least one pixel.
 */
export function squareResize(side: number, filter?: ResizeFilter): Transform {
  assertSide('squareResize', side)
  return (image, key) => [
    {
      window: wholeWindow(image),
      size: { height: side, width: side },
      ...(filter && { filter }),
      flip: key !== undefined && key.generator().uniform() < 0.5,
    },
  ]
}
