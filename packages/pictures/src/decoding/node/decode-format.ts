import type { Sharp, SharpOptions } from 'sharp'
import type { RgbImage } from '../../rgb-image.js'
import { type DecodeOptions, defaultMaxPixels } from '../decode-options.js'
import type { FormatDecoder } from '../format-decoder.js'
import { type JpegFrame, jpegFrame } from '../jpeg-frame.js'
import type { PictureFormat } from '../picture-format.js'
import { type DecodedPicture, withRemarks } from '../picture-remarks.js'
import { refusedSize, tooManyPixels } from '../refused-size.js'
import type { Undecodable } from '../undecodable.js'
import { upright } from '../upright.js'
import { inTurn } from './in-turn.js'
import { inkToRgb } from './ink-to-rgb.js'
import { readPlainPng } from './plain-png.js'
import { remarkable } from './remarkable.js'
import { readTiff } from './tiff/read-tiff.js'

/** Decodes with sharp (libvips), small plain PNG files and TIFF files of odd samples by itself. */
export const decodeFormat: FormatDecoder = async (bytes, format, options) => {
  const { maxPixels = defaultMaxPixels } = options
  const plain = format === 'png' ? readPlainPng(bytes, maxPixels) : undefined
  if (plain) return plain
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
  const { maxPixels = defaultMaxPixels } = options
  const tiff = await readTiff(bytes, {
    ...options,
    refusedSize: (size) => refusedSize(size, bytes.length, maxPixels),
  })
  if (tiff === 'ordinary') return decodeWithSharp(bytes, 'tiff', options)
  if ('reason' in tiff) return tiff
  return withRemarks(upright(tiff.image, tiff.orientation), tiff.remarks)
}

async function decodeWithSharp(
  bytes: Uint8Array,
  format: PictureFormat,
  options: DecodeOptions,
): Promise<DecodedPicture | Undecodable> {
  const { maxPixels = defaultMaxPixels, transparency } = options
  const frame = format === 'jpeg' ? jpegFrame(bytes) : undefined
  const picture = await open(format === 'avif' ? asStill(bytes) : bytes, {
    failOn: 'error',
    limitInputPixels: maxPixels,
    ignoreIcc: true,
  })
  const size = await picture.metadata()
  const tooLarge = refusedSize(size, bytes.length, maxPixels)
  if (tooLarge) return tooLarge
  const image = await inTurn(size.width * size.height, () => {
    const isInk = size.space === 'cmyk' && mayHoldInks(format, frame)
    return isInk ? lightOfInks(picture.autoOrient()) : colours(picture.autoOrient(), transparency)
  })
  return withRemarks(image, remarkable(bytes, size, image))
}

async function lightOfInks(picture: Sharp): Promise<RgbImage> {
  const { width, height, data, channels } = await pixels(
    picture.pipelineColourspace('cmyk').toColourspace('cmyk'),
  )
  return { width, height, data: inkToRgb(data, channels) }
}

async function colours(picture: Sharp, transparency: DecodeOptions['transparency']): Promise<RgbImage> {
  const shown = picture.toColourspace('srgb')
  const { width, height, data } = await pixels(
    transparency === 'drop' ? shown.removeAlpha() : shown.flatten({ background: 'white' }),
  )
  return { width, height, data }
}

/** A JPEG of four components, or one that is not understood, and TIFF files may be CMYK. */
function mayHoldInks(format: PictureFormat, frame: JpegFrame | undefined): boolean {
  return format === 'tiff' || (format === 'jpeg' && (frame?.components ?? 4) === 4)
}

/**
 * An animated AVIF file holds a still picture as well, which the library looks for under another brand only.
 */
function asStill(bytes: Uint8Array): Uint8Array {
  const sequence = 0x73
  if (bytes[11] !== sequence) return bytes
  const still = Uint8Array.from(bytes)
  still.set(new TextEncoder().encode('avif'), 8)
  return still
}

/**
 * Loads sharp with the first picture that needs it, which spares threads that see plain PNG files a third of
 * their start.
 */
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
