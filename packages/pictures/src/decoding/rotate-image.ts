import type { RgbImage } from '../rgb-image.js'

/** Turns a picture counter-clockwise, as Pillow's `rotate(degrees, expand=True)` does for quarter turns. */
export function rotateImage(image: RgbImage, degrees: 0 | 90 | 180 | 270): RgbImage {
  if (degrees === 0) return image
  const { width, height, data } = image
  const turned = degrees === 180 ? { width, height } : { width: height, height: width }
  // Where the first pixel comes from, and how far the source moves with each column and each row, in pixels.
  const [origin, columnStep, rowStep] = {
    90: [width - 1, width, -1] as const,
    180: [height * width - 1, -1, -width] as const,
    270: [(height - 1) * width, -width, 1] as const,
  }[degrees]
  const rotated = new Uint8Array(data.length)
  for (let row = 0, to = 0; row < turned.height; row++) {
    let from = 3 * (origin + row * rowStep)
    for (let column = 0; column < turned.width; column++, to += 3, from += 3 * columnStep) {
      rotated[to] = data[from]!
      rotated[to + 1] = data[from + 1]!
      rotated[to + 2] = data[from + 2]!
    }
  }
  return { ...image, ...turned, data: rotated }
}
