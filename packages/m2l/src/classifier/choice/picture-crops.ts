import type { RgbImage } from '@m2l/datasets'

/** The share of a picture's sides that a crop shows. */
const share = 2 / 3

/** The four crops of two thirds at the corners of a picture. */
export function cornerCrops(picture: RgbImage): RgbImage[] {
  const nine = nineCrops(picture)
  return [0, 2, 6, 8].map((index) => nine[index]!)
}

/** Nine crops of two thirds, on a grid over a picture. */
export function nineCrops(picture: RgbImage): RgbImage[] {
  const height = Math.max(1, Math.round(share * picture.height))
  const width = Math.max(1, Math.round(share * picture.width))
  const offsets = (free: number) => [0, Math.floor(free / 2), free]
  return offsets(picture.height - height).flatMap((top) =>
    offsets(picture.width - width).map((left) => cut(picture, { top, left, height, width })),
  )
}

interface Cut {
  readonly top: number
  readonly left: number
  readonly height: number
  readonly width: number
}

function cut({ data, width: stride }: RgbImage, { top, left, height, width }: Cut): RgbImage {
  const cropped = new Uint8Array(height * width * 3)
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * stride + left) * 3
    cropped.set(data.subarray(start, start + width * 3), row * width * 3)
  }
  return { width, height, data: cropped }
}
