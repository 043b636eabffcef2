import type { Metadata } from 'sharp'
import type { RgbImage } from '@m2l/pictures'

/**
 * What a person should know of a picture that was read: `several`: the file holds more pictures (an animation, pages), and the first was
 * read; `profile`: it has a colour profile other than sRGB, which was passed over; `dark`: of 16 bits only the lowest 12 are
 * used, so that it came out nearly black.
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

/** What sharp and a file's first bytes tell of a picture. */
export function remarkable(bytes: Uint8Array, { pages = 1, icc, depth }: Metadata, { data }: RgbImage) {
  return {
    several: pages > 1 || isAnimatedPng(bytes) || isImageSequence(bytes),
    profile: icc !== undefined && isOtherProfile(icc),
    dark: depth === 'ushort' && isDark(data),
  }
}

/** Whether a colour profile is none of sRGB, by what it calls itself. */
export function isOtherProfile(profile: Buffer): boolean {
  return !/s\0?R\0?G\0?B/.test(profile.toString('latin1'))
}

/** Whether the upper four of what were sixteen bits are nowhere used; a black picture is as it should be. */
export function isDark(levels: Uint8Array): boolean {
  const most = levels.reduce((highest, level) => Math.max(highest, level), 0)
  return most > 0 && most < 16
}

/** An animation's control chunk comes before the pixels (PNG, third edition, section 11.3.6.1). */
function isAnimatedPng(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0x89 &&
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).includes('acTL')
  )
}

/** AVIF files of the brand `avis`. */
function isImageSequence(bytes: Uint8Array): boolean {
  return bytes[4] === 0x66 && bytes[11] === 0x73
}
