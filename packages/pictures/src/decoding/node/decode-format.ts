import type { Sharp, SharpOptions } from 'sharp'
import type { RgbImage } from '../../rgb-image.js'
import type { Size } from '../../transforms/view.js'
import { type DecodeOptions, defaultMaxPixels } from '../decode-options.js'
import type { FormatDecoder } from '../format-decoder.js'
import { type JpegFrame, jpegFrame } from '../jpeg-frame.js'
import type { PictureFormat } from '../picture-format.js'
import { type DecodedPicture, withRemarks } from '../picture-remarks.js'
import { refusedSize, tooManyPixels } from '../refused-size.js'
import type { Undecodable } from '../undecodable.js'
import { upright } from '../upright.js'
import { inkToRgb } from './ink-to-rgb.js'
import { readPlainPng } from './plain-png.js'
import { remarkable } from './remarkable.js'
import { readTiff } from './tiff/read-tiff.js'

/** Decodes with sharp (libvips), small plain PNG files and TIFF files of odd samples by itself. */
export const decodeFormat: FormatDecoder = async (bytes, format, options) => {
  const { maxPixels = defaultMaxPixels, reduceTo = Number.POSITIVE_INFINITY } = options
  const plain = format === 'png' ? readPlainPng(bytes, Math.min(maxPixels, (2 * reduceTo) ** 2)) : undefined
  if (plain && !isReducible(plain, reduceTo)) return plain
  try {
    return format === 'tiff'
      ? await decodeTiff(bytes, options)
      : await decodeWithSharp(bytes, format, options)
  } catch (error) {
    if ((error as Error).message.includes('pixel limit')) return tooManyPixels(maxPixels)
    throw error
  }
}

/** TIFF files as their samples are declared; those that sharp reads so are left to it. */
async function decodeTiff(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedPicture | Undecodable> {
  const { maxPixels = defaultMaxPixels, reduceTo = Number.POSITIVE_INFINITY } = options
  const tiff = await readTiff(bytes, {
    ...options,
    refusedSize: (size) => refusedSize(size, bytes.length, maxPixels),
  })
  if (tiff === 'ordinary') return decodeWithSharp(bytes, 'tiff', options)
  if ('reason' in tiff) return tiff
  return withRemarks(upright(await reducedImage(tiff.image, reduceTo), tiff.orientation), tiff.remarks)
}

async function decodeWithSharp(
  bytes: Uint8Array,
  format: PictureFormat,
  options: DecodeOptions,
): Promise<DecodedPicture | Undecodable> {
  const { maxPixels = defaultMaxPixels, reduceTo = Number.POSITIVE_INFINITY } = options
  const frame = format === 'jpeg' ? jpegFrame(bytes) : undefined
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

function isReducible({ width, height }: Size, reduceTo: number): boolean {
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
