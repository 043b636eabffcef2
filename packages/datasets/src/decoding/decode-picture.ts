import type { Sharp, SharpOptions } from 'sharp'
import { imageExtensions } from '../image-file.js'
import type { RgbImage } from '../rgb-image.js'
import { isKnownFormat } from './known-format.js'
import { mayHoldInks } from './may-hold-inks.js'
import { readPlainPng } from './plain-png.js'

/** How pictures become RGB. */
export interface DecodeOptions {
  /**
   * What lies behind transparent pixels. `white` (default) lays the picture on white, as it looks on a page. `drop`
   * keeps the colours stored under transparency, as Pillow's `convert('RGB')` does. No published few-shot data set
   * has transparency.
   */
  readonly transparency?: 'white' | 'drop'
  /**
   * Pictures of more pixels are refused, against decompression bombs. Default 89,478,485, as in Pillow. Of more than 16,777,216
   * pixels, those are refused as well that have more than a hundred for each byte of their file.
   */
  readonly maxPixels?: number
  /**
   * Pictures whose shorter side is at least twice this long are reduced until it is so long, in pixels, which spares memory
   * and time where only small views of large photographs are wanted. None are unless it is given.
   */
  readonly reduceTo?: number
}

/** Why a file is no picture, as the end of a sentence that begins with its name. */
export interface Undecodable {
  readonly reason: string
}

/** The pixels of a picture file, or why there are none: plain data in either case, which threads can hand on. */
export async function decodePicture(
  bytes: Uint8Array,
  { maxPixels = 89_478_485, transparency, reduceTo = Number.POSITIVE_INFINITY }: DecodeOptions = {},
): Promise<RgbImage | Undecodable> {
  if (bytes.length === 0) return { reason: 'is empty (0 bytes)' }
  const plain = readPlainPng(bytes, Math.min(maxPixels, (2 * reduceTo) ** 2))
  if (plain && !isReducible(plain, reduceTo)) return plain
  if (!isKnownFormat(bytes)) return { reason: unknownFormat }
  try {
    const picture = await open(bytes, { failOn: 'error', limitInputPixels: maxPixels, ignoreIcc: true })
    const size = await picture.metadata()
    if (isPictureBomb(size, bytes.length)) {
      return {
        reason: `has ${size.width} x ${size.height} pixels in ${bytes.length} bytes, as no photograph has`,
      }
    }
    const isLarge = isReducible(size, reduceTo)
    const oriented = isLarge ? reduced(picture.autoOrient(), reduceTo) : picture.autoOrient()
    if (size.space === 'cmyk' && mayHoldInks(bytes)) {
      return inkToRgb(await pixels(oriented.pipelineColourspace('cmyk').toColourspace('cmyk')))
    }
    const upright = oriented.toColourspace('srgb')
    const opaque = transparency === 'drop' ? upright.removeAlpha() : upright.flatten({ background: 'white' })
    const { width, height, data } = await pixels(opaque)
    return { width, height, data }
  } catch (error) {
    return { reason: reasonOf(error as Error, maxPixels) }
  }
}

/** So many pixels may be of one colour all over. */
const harmlessPixels = 2 ** 24

function isPictureBomb({ width, height }: Pick<RgbImage, 'width' | 'height'>, bytes: number): boolean {
  return width * height > harmlessPixels && width * height > 100 * bytes
}

function isReducible({ width, height }: Pick<RgbImage, 'width' | 'height'>, reduceTo: number): boolean {
  return Math.min(width, height) >= 2 * reduceTo
}

/** Averages of what lies under each pixel; JPEG and WebP are partly reduced while they are decoded. */
function reduced(picture: Sharp, reduceTo: number): Sharp {
  return picture.resize({ width: reduceTo, height: reduceTo, fit: 'outside', kernel: 'linear' })
}

/** Loads sharp with the first picture that needs it, which spares threads that see plain PNG files a third of their start. */
async function open(bytes: Uint8Array, options: SharpOptions): Promise<Sharp> {
  const { default: sharp } = await import('sharp')
  // libvips would keep the last operations and open files; here every picture is decoded once.
  sharp.cache(false)
  return sharp(bytes, options)
}

interface Pixels extends RgbImage {
  readonly channels: number
}

async function pixels(picture: Sharp): Promise<Pixels> {
  const { data, info } = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data, channels: info.channels }
}

/** Four inks to three lights, without a colour profile, as Pillow does. */
function inkToRgb({ width, height, data, channels }: Pixels): RgbImage {
  const rgb = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const paper = 255 - data[pixel * channels + 3]!
    for (let channel = 0; channel < 3; channel++) {
      rgb[pixel * 3 + channel] = paper - Math.round((data[pixel * channels + channel]! * paper) / 255)
    }
  }
  return { width, height, data: rgb }
}

const unknownFormat = `is not a picture in a known format (${imageExtensions.map((extension) => extension.slice(1)).join(', ')})`

function reasonOf({ message }: Error, maxPixels: number): string {
  if (message.includes('unsupported image format')) return unknownFormat
  if (message.includes('pixel limit')) return `has more than ${maxPixels} pixels`
  return `is cut off or damaged (${message.split('\n', 1)[0]})`
}
