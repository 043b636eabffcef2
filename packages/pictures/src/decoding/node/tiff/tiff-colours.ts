import type { RgbImage } from '../../../rgb-image.js'
import { inkToRgb } from '../ink-to-rgb.js'
import type { Undecodable } from '../../undecodable.js'
import type { TiffFile, TiffTags } from './tiff-file.js'
import type { Channels } from './tiff-kind.js'

/** Shares of light may be out of 0 to 1 by half a level, as resampling leaves them. */
const slack = 0.5 / 255

/**
 * Reads the samples of a TIFF picture and turns them into 8-bit RGB by their declared format: of whole
 * numbers the upper 8 bits, fewer than 8 bits spread from 0 to 255; of floating-point numbers, which have to
 * be from 0 to 1, 255 times as much, rounded.
 *
 * @param transparency what lies behind transparent pixels.
 * @throws {Error} when the file is damaged
 */
export async function tiffColours(
  { tags, read }: TiffFile,
  { colours, alpha }: Channels,
  transparency: 'white' | 'drop',
): Promise<RgbImage | Undecodable> {
  const samples = Array.from({ length: colours }, (_, sample) => sample)
  const values = await read(alpha ? [...samples, alpha.sample] : samples)
  const fault = tags.formats[0] === 3 ? faultOfShares(values) : undefined
  if (fault) return fault
  const levels = alpha
    ? withoutAlpha(values, tags, colours, alpha.isPremultiplied, transparency)
    : levelsOf(values, tags, new Uint8ClampedArray(values.length))
  return { width: tags.width, height: tags.height, data: rgbOf(levels, tags.photometric!, colours) }
}

function faultOfShares(values: ArrayLike<number>): Undecodable | undefined {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!
    if (!Number.isFinite(value)) {
      return {
        reason: `is a TIFF picture of floating-point numbers, one of which is ${value}`,
        remedy: 'replace what is not finite, or save it with 8 or 16 bits',
      }
    }
    if (value < least) least = value
    if (value > most) most = value
  }
  if (least >= -slack && most <= 1 + slack) return undefined
  const readable = (value: number) => Number(value.toPrecision(4))
  const areLevels = least >= 0 && most > 16 && most <= 255
  return {
    reason: `is a TIFF picture of floating-point numbers from ${readable(least)} to ${readable(most)}, where 0 is to be black and 1 white`,
    remedy: `scale them to 0 to 1${areLevels ? ' (divide levels by 255)' : ''}, or save it with 8 or 16 bits`,
  }
}

/** Levels from 0 to 255, which are whole where they are kept so. */
function levelsOf<Levels extends Uint8ClampedArray | Float32Array>(
  values: ArrayLike<number>,
  { formats, bits }: TiffTags,
  levels: Levels,
): Levels {
  const depth = bits[0]!
  if (formats[0] === 3) {
    for (let at = 0; at < levels.length; at++) levels[at] = Math.min(255, Math.max(0, values[at]! * 255))
  } else if (depth >= 8) {
    for (let at = 0; at < levels.length; at++) levels[at] = values[at]! >> (depth - 8)
  } else {
    for (let at = 0; at < levels.length; at++) levels[at] = (values[at]! * 255) / (2 ** depth - 1)
  }
  return levels
}

/** The colours alone, laid on white or as they are stored. */
function withoutAlpha(
  values: ArrayLike<number>,
  tags: TiffTags,
  colours: number,
  isPremultiplied: boolean,
  transparency: 'white' | 'drop',
): Uint8ClampedArray {
  const levels = levelsOf(values, tags, new Float32Array(values.length))
  const cover = tags.formats[0] === 3 ? 1 : 2 ** tags.bits[0]! - 1
  const opaque = new Uint8ClampedArray((levels.length / (colours + 1)) * colours)
  for (let from = 0, to = 0; from < levels.length; from += colours + 1) {
    const alpha = values[from + colours]! / cover
    for (let colour = from; colour < from + colours; colour++, to++) {
      const share = isPremultiplied ? 1 : alpha
      if (transparency === 'white') opaque[to] = levels[colour]! * share + 255 * (1 - alpha)
      else opaque[to] = isPremultiplied ? levels[colour]! / (alpha || 1) : levels[colour]!
    }
  }
  return opaque
}

function rgbOf({ buffer, length }: Uint8ClampedArray, photometric: number, colours: number): Uint8Array {
  const levels = new Uint8Array(buffer)
  if (photometric === 5) return inkToRgb(levels, 4)
  if (colours === 3) return levels
  const rgb = new Uint8Array(3 * length)
  for (let pixel = 0; pixel < length; pixel++) {
    const level = photometric === 0 ? 255 - levels[pixel]! : levels[pixel]!
    rgb.fill(level, 3 * pixel, 3 * pixel + 3)
  }
  return rgb
}
