import type { RgbImage } from '../rgb-image.js'

/**
 * What a person should know of a picture that was read: `several`: the file holds more pictures (an
 * animation, pages), and the first was read; `profile`: it has a colour profile other than sRGB, which was
 * passed over; `dark`: of 16 bits only the lowest 12 are used, so that it came out nearly black.
 */
export type PictureRemark = 'several' | 'profile' | 'dark'

/** A picture that was read, and what a person should know of it. */
export interface DecodedPicture extends RgbImage {
  readonly remarks?: readonly PictureRemark[]
}

/** A picture with what is remarkable of it. */
export function withRemarks(
  image: RgbImage,
  found: Readonly<Partial<Record<PictureRemark, boolean | undefined>>>,
): DecodedPicture {
  const remarks = (['several', 'profile', 'dark'] as const).filter((remark) => found[remark])
  return remarks.length === 0 ? image : { ...image, remarks }
}

/** Whether the upper four of what were sixteen bits are nowhere used; a black picture is as it should be. */
export function isDark(levels: Uint8Array): boolean {
  const most = levels.reduce((highest, level) => Math.max(highest, level), 0)
  return most > 0 && most < 16
}
