import type { RandomGenerator } from '@m2l/engine'
import type { Rectangle, Size } from './view.js'

/** The middle square of a picture, rounded as torchvision's `CenterCrop` does. */
export function centreCut({ height, width }: Size, side: number): Rectangle {
  return {
    top: roundHalfToEven((height - side) / 2),
    left: roundHalfToEven((width - side) / 2),
    height: side,
    width: side,
  }
}

/** A square of a picture at a random place. */
export function randomCut({ height, width }: Size, side: number, random: RandomGenerator): Rectangle {
  const top = random.integer(height - side + 1)
  const left = random.integer(width - side + 1)
  return { top, left, height: side, width: side }
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value)
  return value - below === 0.5 ? below + (below % 2) : Math.round(value)
}
