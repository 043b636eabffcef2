import type { RandomGenerator } from '@m2l/engine'
import type { ResizeFilter } from '@m2l/nn'
import type { Transform } from './transform.js'
import { wholeWindow, type Rectangle, type Size } from './view.js'

/**
 * The whole picture resized, then a square cut out: at a random place and mirrored half of the time in
 * training, from the middle in evaluation.
 *
 * @param sizeOf the size that a picture is resized to
 */
export function cropTransform(
  sizeOf: (picture: Size) => Size,
  side: number,
  filter: ResizeFilter | undefined,
): Transform {
  return (picture, key) => {
    const size = sizeOf(picture)
    const whole = { window: wholeWindow(picture), size, ...(filter && { filter }) }
    if (!key) return [{ ...whole, cut: centreCut(size, side), flip: false }]
    const random = key.generator()
    return [{ ...whole, cut: randomCut(size, side, random), flip: random.uniform() < 0.5 }]
  }
}

/** The middle square of a picture, rounded as torchvision's `CenterCrop` does. */
function centreCut({ height, width }: Size, side: number): Rectangle {
  return {
    top: roundHalfToEven((height - side) / 2),
    left: roundHalfToEven((width - side) / 2),
    height: side,
    width: side,
  }
}

function randomCut({ height, width }: Size, side: number, random: RandomGenerator): Rectangle {
  const top = random.integer(height - side + 1)
  const left = random.integer(width - side + 1)
  return { top, left, height: side, width: side }
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value)
  return value - below === 0.5 ? below + (below % 2) : Math.round(value)
}
