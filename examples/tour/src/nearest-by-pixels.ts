import type { RgbImage } from '@m2l/pictures'

/**
 * The position of the picture that differs least, by the sum of squared differences of all levels; all of one
 * size.
 */
export function nearestByPixels({ data }: RgbImage, pictures: readonly RgbImage[]): number {
  const distances = pictures.map(({ data: other }) => {
    return data.reduce((sum, level, index) => sum + (level - other[index]!) ** 2, 0)
  })
  return distances.indexOf(Math.min(...distances))
}
