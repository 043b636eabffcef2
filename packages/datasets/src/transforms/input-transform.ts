import { InputError } from '@m2l/engine'
import type { PerChannel, PictureInput } from '@m2l/nn'
import type { Normalisation } from './level-map.js'
import { centreCut, randomCut } from './square-cut.js'
import { assertSide } from './side.js'
import type { Transform } from './transform.js'
import { type Size, wholeWindow } from './view.js'

/** A transform, and what becomes of the levels that it gives. */
export interface InputTransform {
  readonly transform: Transform
  readonly normalisation: Normalisation
}

/**
 * The transform and the normalisation that a network's input asks for: torchvision's `Resize` and `CenterCrop`, or a resize to a
 * square.
 *
 * With a key, as in training, a crop lies at a random place, and every picture is mirrored half of the time.
 *
 * @throws InputError when a side is not a whole number of at least one pixel, the crop is larger than the resize, or a mean or a
 *   deviation is not a number, or a deviation not more than 0.
 */
export function inputTransform({ size, resize, filter, mean, deviation }: PictureInput): InputTransform {
  assertSide('inputTransform', size)
  const normalisation = { mean: shares('mean', mean), std: shares('deviation', deviation) }
  if (resize === 'square') return { transform: square(size, filter), normalisation }
  assertSide('inputTransform', resize)
  if (resize < size) {
    throw new InputError(
      `inputTransform: cannot cut ${size} pixels out of a shorter side of ${resize}; resize to ${size} or more`,
    )
  }
  return { transform: shorterSideThenCrop(resize, size, filter), normalisation }
}

function square(side: number, filter: PictureInput['filter']): Transform {
  const size = { height: side, width: side }
  return (image, key) => [
    { window: wholeWindow(image), size, filter, flip: key !== undefined && key.generator().uniform() < 0.5 },
  ]
}

function shorterSideThenCrop(shorter: number, side: number, filter: PictureInput['filter']): Transform {
  return (image, key) => {
    const window = wholeWindow(image)
    const size = withShorterSide(image, shorter)
    if (!key) return [{ window, size, filter, cut: centreCut(size, side), flip: false }]
    const random = key.generator()
    return [{ window, size, filter, cut: randomCut(size, side, random), flip: random.uniform() < 0.5 }]
  }
}

/** The size of a picture whose shorter side became this many pixels; the longer one is cut off to whole pixels, as in torchvision. */
function withShorterSide({ height, width }: Size, shorter: number): Size {
  return height < width
    ? { height: shorter, width: Math.floor((shorter * width) / height) }
    : { height: Math.floor((shorter * height) / width), width: shorter }
}

/** Levels as shares of 255. */
function shares(name: 'mean' | 'deviation', levels: PerChannel): PerChannel {
  const usable = (level: number): boolean => Number.isFinite(level) && (name === 'mean' || level > 0)
  if (levels.length !== 3 || !levels.every(usable)) {
    const kind = name === 'mean' ? 'numbers' : 'numbers above 0'
    throw new InputError(
      `inputTransform: ${name} is [${levels.join(', ')}]; give three ${kind}, in levels from 0 to 255: red, green, blue`,
    )
  }
  return [levels[0] / 255, levels[1] / 255, levels[2] / 255]
}
