import { InputError, type RandomGenerator } from '@m2l/engine'
import { assertSide } from './side.js'
import { squareResize } from './square-resize.js'
import type { Transform } from './transform.js'
import type { Rectangle, Size } from './view.js'

/** The share of the area that torchvision's transform keeps at least. */
const usualSmallestArea = 0.08
const smallestRatio = 3 / 4
const largestRatio = 4 / 3
const attempts = 10

/**
 * A random part of the picture, `smallestArea` to all of its area and 3/4 to 4/3 as wide as high, resized to
 * a square and mirrored half of the time, as torchvision's `RandomResizedCrop` and `RandomHorizontalFlip` do;
 * for pretraining. Introduced for Inception: Szegedy et al., "Going deeper with convolutions", CVPR 2015,
 * section 6. Without a key it is {@link squareResize}.
 *
 * @param side of the result, in pixels.
 * @param smallestArea the least share of the picture that is seen, in (0, 1].
 * @throws {InputError} when the side is not a whole number of at least one pixel, or the area not in (0, 1].
 */
export function randomResizedCrop(side: number, smallestArea: number = usualSmallestArea): Transform {
  assertSide('randomResizedCrop', side)
  if (!(smallestArea > 0 && smallestArea <= 1)) {
    throw new InputError(
      `randomResizedCrop: smallestArea is ${smallestArea}; give a share of the area, more than 0 up to 1`,
      { code: 'option' },
    )
  }
  const whole = squareResize(side)
  return (image, key) => {
    if (!key) return whole(image)
    const random = key.generator()
    const window = drawWindow(image, smallestArea, random)
    return [{ window, size: { height: side, width: side }, flip: random.uniform() < 0.5 }]
  }
}

function drawWindow(image: Size, smallestArea: number, random: RandomGenerator): Rectangle {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = image.height * image.width * (smallestArea + (1 - smallestArea) * random.uniform())
    const ratio = smallestRatio * (largestRatio / smallestRatio) ** random.uniform()
    const width = Math.round(Math.sqrt(area * ratio))
    const height = Math.round(Math.sqrt(area / ratio))
    if (width < 1 || height < 1 || width > image.width || height > image.height) continue
    const top = random.integer(image.height - height + 1)
    const left = random.integer(image.width - width + 1)
    return { top, left, height, width }
  }
  return centreWindow(image)
}

/** The largest window in the middle of the picture whose ratio is allowed. */
function centreWindow(image: Size): Rectangle {
  const width = Math.min(image.width, Math.max(1, Math.round(image.height * largestRatio)))
  const height = Math.min(image.height, Math.max(1, Math.round(image.width / smallestRatio)))
  return {
    top: Math.floor((image.height - height) / 2),
    left: Math.floor((image.width - width) / 2),
    height,
    width,
  }
}
