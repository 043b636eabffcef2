import { createHash } from 'node:crypto'
import { type DecodeOptions, type PictureRemark, tryDecode, type Undecodable } from '@m2l/pictures/pixels'
import type { RgbImage } from '@m2l/pictures'
import { type Look, lookOf } from './perceptual-hash.js'

/** What tells a picture from others, small enough to be kept for every picture of a data set. */
export interface Fingerprint extends Look {
  readonly width: number
  readonly height: number
  /** {@link shortHash} of the file; absent where the source holds bare pixels. */
  readonly bytes?: string
  /** {@link shortHash} of width, height and pixels. */
  readonly pixels: string
  /** What a person should know of it; absent where there is nothing. */
  readonly remarks?: readonly PictureRemark[]
}

/** Reads a picture file as {@link tryDecode} does, and keeps what tells it from others. */
export async function fingerprintOfFile(
  bytes: Uint8Array,
  options: DecodeOptions,
): Promise<Fingerprint | Undecodable> {
  const decoded = await tryDecode(bytes, options)
  if ('reason' in decoded) return decoded
  const { remarks } = decoded
  return { ...fingerprintOf(decoded), bytes: shortHash([bytes]), ...(remarks && { remarks }) }
}

/** What tells decoded pixels from others. */
export function fingerprintOf(image: RgbImage): Fingerprint {
  const { width, height, data } = image
  return { width, height, pixels: shortHash([Uint32Array.of(width, height), data]), ...lookOf(image) }
}

/**
 * The first 128 bits of SHA-256, in hexadecimal: a chance of 1e-26 that two of a million pictures share one.
 */
function shortHash(parts: readonly NodeJS.ArrayBufferView[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, 32)
}
