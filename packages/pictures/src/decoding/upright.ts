import type { RgbImage } from '../rgb-image.js'
import { rotateImage } from './rotate-image.js'

/** Quarter turns counter-clockwise after mirroring left to right, for each orientation of EXIF and TIFF. */
const turns = {
  1: { mirrored: false, degrees: 0 },
  2: { mirrored: true, degrees: 0 },
  3: { mirrored: false, degrees: 180 },
  4: { mirrored: true, degrees: 180 },
  5: { mirrored: true, degrees: 90 },
  6: { mirrored: false, degrees: 270 },
  7: { mirrored: true, degrees: 270 },
  8: { mirrored: false, degrees: 90 },
} as const

/** Turns and mirrors a picture as its orientation says, 1 to 8; others change nothing. */
export function upright(image: RgbImage, orientation: number): RgbImage {
  const { mirrored, degrees } = turns[orientation as keyof typeof turns] ?? turns[1]
  return rotateImage(mirrored ? mirror(image) : image, degrees)
}

function mirror({ width, height, data }: RgbImage): RgbImage {
  const mirrored = new Uint8Array(data.length)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = 3 * (row * width + column)
      mirrored.set(data.subarray(from, from + 3), 3 * (row * width + width - 1 - column))
    }
  }
  return { width, height, data: mirrored }
}
