import type { Metadata } from 'sharp'
import type { RgbImage } from '../../rgb-image.js'
import { isDark } from '../picture-remarks.js'

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
