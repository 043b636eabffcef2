import type { Rectangle, RgbImage } from '@m2l/pictures'
import type { Region } from '@m2l/nn'

/** The share of a picture's sides that a crop shows. */
const share = 2 / 3

/** The four crops of two thirds at the corners of a picture. */
export function cornerCrops(picture: RgbImage): RgbImage[] {
  return cornersOf(picture).map((corner) => cut(picture, corner))
}

/** Nine crops of two thirds, on a grid over a picture. */
export function nineCrops(picture: RgbImage): RgbImage[] {
  return gridOf(picture).map((crop) => cut(picture, crop))
}

/** A picture and its {@link cornerCrops}, each with what it shows in shares of the picture's sides. */
export function picturesWithCorners(picture: RgbImage): { picture: RgbImage; region: Region }[] {
  const { width: across, height: down } = picture
  return [
    { picture, region: { top: 0, bottom: 1, left: 0, right: 1 } },
    ...cornersOf(picture).map((corner) => {
      const { top, left, height, width } = corner
      const region = {
        top: top / down,
        bottom: (top + height) / down,
        left: left / across,
        right: (left + width) / across,
      }
      return { picture: cut(picture, corner), region }
    }),
  ]
}

function cornersOf(picture: RgbImage): Rectangle[] {
  const nine = gridOf(picture)
  return [0, 2, 6, 8].map((index) => nine[index]!)
}

function gridOf(picture: RgbImage): Rectangle[] {
  const height = Math.max(1, Math.round(share * picture.height))
  const width = Math.max(1, Math.round(share * picture.width))
  const offsets = (free: number) => [0, Math.floor(free / 2), free]
  return offsets(picture.height - height).flatMap((top) =>
    offsets(picture.width - width).map((left) => ({ top, left, height, width })),
  )
}

function cut({ data, width: stride }: RgbImage, { top, left, height, width }: Rectangle): RgbImage {
  const cropped = new Uint8Array(height * width * 3)
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * stride + left) * 3
    cropped.set(data.subarray(start, start + width * 3), row * width * 3)
  }
  return { width, height, data: cropped }
}
