import type { PictureInput } from '@m2l/nn'
import type { Normalisation } from './level-map.js'
import { levelNormalisation } from './normalise.js'
import { shorterSideThenCrop } from './shorter-side-then-crop.js'
import { squareResize } from './square-resize.js'
import type { Transform } from './transform.js'

/** A transform, and what becomes of the levels that it gives. */
export interface InputTransform {
  readonly transform: Transform
  readonly normalisation: Normalisation
}

/**
 * The transform and the normalisation that a network's input asks for: torchvision's `Resize` and
 * `CenterCrop`, or a resize to a square.
 *
 * With a key, as in training, a crop lies at a random place, and every picture is mirrored half of the time.
 *
 * @throws {InputError} when a side is not a whole number of at least one pixel, the crop is larger than the
 *   resize, or a mean or a deviation is not a number, or a deviation not more than 0.
 */
export function inputTransform(input: PictureInput): InputTransform {
  const { size, resize, filter } = input
  const normalisation = levelNormalisation(input)
  const transform =
    resize === 'square' ? squareResize(size, filter) : shorterSideThenCrop(resize, size, filter)
  return { transform, normalisation }
}
