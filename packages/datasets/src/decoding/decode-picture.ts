import type { Sharp, SharpOptions } from 'sharp'
import type { RgbImage } from '@m2l/pictures'
import { foreignFile } from './foreign-file.js'
import { inkToRgb } from './ink-to-rgb.js'
import { type JpegFrame, jpegFrame, refusedFrame } from './jpeg-frame.js'
import { formatOf, type PictureFormat } from './picture-format.js'
import { type DecodedPicture, remarkable, withRemarks } from './picture-remarks.js'
import { readPlainPng } from './plain-png.js'
import { readTiff } from './tiff/read-tiff.js'
import type { Undecodable } from './undecodable.js'
import { upright } from '@m2l/pictures/pixels'

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

/** The pixels of a picture file, or why there are none: plain data in either case, which threads can hand on. */
export async function decodePicture(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedPicture | Undecodable> {
  if (bytes.length === 0) return { reason: 'is empty (0 bytes)' }
  const { maxPixels = defaultMaxPixels, reduceTo = Number.POSITIVE_INFINITY } = options
  const plain = readPlainPng(bytes, Math.min(maxPixels, (2 * reduceTo) ** 2))
  if (plain && !isReducible(plain, reduceTo)) return plain
  const format = formatOf(bytes)
  if (!format) return foreignFile(bytes, knownFormats)
  try {
    return await decodeFormat(bytes, format, options)
  } catch (error) {
    return { reason: reasonOf(error as Error, maxPixels) }
  }
}

const defaultMaxPixels = 89_478_485
const knownFormats = ['avif', 'gif', 'jpeg', 'jpg', 'png', 'tif', 'tiff', 'webp']

async function decodeFormat(
  bytes: Uint8Array,
  format: PictureFormat,
  options: DecodeOptions,
): Promise<DecodedPicture | Undecodable> {
  const { maxPixels = defaultMaxPixels, reduceTo = Number.POSITIVE_INFINITY } = options
  if (format === 'tiff') {
    const tiff = await readTiff(bytes, {
      ...options,
      refusedSize: (size) => refusedSize(size, bytes.length, maxPixels),
    })
    if (tiff !== 'ordinary') {
      if ('reason' in tiff) return tiff
      return withRemarks(upright(await reducedImage(tiff.image, reduceTo), tiff.orientation), tiff.remarks)
    }
  }
  const frame = format === 'jpeg' ? jpegFrame(bytes) : undefined
  const refused = frame && refusedFrame(frame)
  if (refused) return refused
  const picture = await open(format === 'avif' ? asStill(bytes) : bytes, {
    failOn: 'error',
    limitInputPixels: maxPixels,
    ignoreIcc: true,
  })
  const size = await picture.metadata()
  const tooLarge = refusedSize(size, bytes.length, maxPixels)
  if (tooLarge) return tooLarge
  const isLarge = isReducible(size, reduceTo)
  const oriented = isLarge ? reduced(picture.autoOrient(), reduceTo) : picture.autoOrient()
  if (size.space === 'cmyk' && mayHoldInks(format, frame)) {
    const inks = await pixels(oriented.pipelineColourspace('cmyk').toColourspace('cmyk'))
    const image = { width: inks.width, height: inks.height, data: inkToRgb(inks.data, inks.channels) }
    return withRemarks(image, remarkable(bytes, size, image))
  }
  const colours = oriented.toColourspace('srgb')
  const image = await opaquePixels(
    options.transparency === 'drop' ? colours.removeAlpha() : colours.flatten({ background: 'white' }),
  )
  return withRemarks(image, remarkable(bytes, size, image))
}

/** A picture that was read here, reduced where it is large. */
async function reducedImage(image: RgbImage, reduceTo: number): Promise<RgbImage> {
  const { width, height, data } = image
  if (!isReducible(image, reduceTo)) return image
  return opaquePixels(reduced(await open(data, { raw: { width, height, channels: 3 } }), reduceTo))
}

/** A JPEG of four components, or one that is not understood, and TIFF files may be CMYK. */
function mayHoldInks(format: PictureFormat, frame: JpegFrame | undefined): boolean {
  return format === 'tiff' || (format === 'jpeg' && (frame?.components ?? 4) === 4)
}

/** An animated AVIF file holds a still picture as well, which the library looks for under another brand only. */
function asStill(bytes: Uint8Array): Uint8Array {
  const sequence = 0x73
  if (bytes[11] !== sequence) return bytes
  const still = Uint8Array.from(bytes)
  still.set(new TextEncoder().encode('avif'), 8)
  return still
}

/** So many pixels may be of one colour all over. */
const harmlessPixels = 2 ** 24

type PixelSize = Pick<RgbImage, 'width' | 'height'>

function refusedSize(
  { width, height }: PixelSize,
  bytes: number,
  maxPixels: number,
): Undecodable | undefined {
  const count = width * height
  if (count > maxPixels) return { reason: `has more than ${maxPixels} pixels` }
  if (count <= harmlessPixels || count <= 100 * bytes) return undefined
  return { reason: `has ${width} x ${height} pixels in ${bytes} bytes, as no photograph has` }
}

function isReducible({ width, height }: PixelSize, reduceTo: number): boolean {
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

async function opaquePixels(picture: Sharp): Promise<RgbImage> {
  const { width, height, data } = await pixels(picture)
  return { width, height, data }
}

interface Pixels extends RgbImage {
  readonly channels: number
}

async function pixels(picture: Sharp): Promise<Pixels> {
  const { data, info } = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data, channels: info.channels }
}

function reasonOf({ message }: Error, maxPixels: number): string {
  if (message.includes('pixel limit')) return `has more than ${maxPixels} pixels`
  return `is cut off or damaged (${message.split('\n', 1)[0]})`
}
