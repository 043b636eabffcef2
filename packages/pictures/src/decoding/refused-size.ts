import type { Size } from '../transforms/view.js'
import type { Undecodable } from './undecodable.js'

/** So many pixels may be of one colour all over. */
const harmlessPixels = 2 ** 24

/** Why a picture of this size in so many bytes is not decoded, if so: it may be made to fill the memory. */
export function refusedSize(
  { width, height }: Size,
  bytes: number,
  maxPixels: number,
): Undecodable | undefined {
  const count = width * height
  if (count > maxPixels) return tooManyPixels(maxPixels)
  if (count <= harmlessPixels || count <= 100 * bytes) return undefined
  return { reason: `has ${width} x ${height} pixels in ${bytes} bytes, as no photograph has` }
}

export function tooManyPixels(maxPixels: number): Undecodable {
  return { reason: `has more than ${maxPixels} pixels` }
}
