import { drawnPixels } from './decoding/canvas/drawn-pixels.js'
import { type DecodeOptions, defaultMaxPixels } from './decoding/decode-options.js'
import { tooManyPixels } from './decoding/refused-size.js'
import { tryDecode } from './decoding/try-decode.js'
import type { Undecodable } from './decoding/undecodable.js'
import { layOnWhite } from './lay-on-white.js'
import type { RgbImage } from './rgb-image.js'
import { reducedTo } from './transforms/reduce.js'

/** Decoded pixels as a program has them: `ImageData`, an {@link RgbImage}, or the like. */
export interface PixelData {
  readonly width: number
  readonly height: number
  /** [height, width, 3 or 4] levels from 0 to 255; the fourth is what is not transparent. */
  readonly data: Uint8Array | Uint8ClampedArray
}

/** What is used of a `Blob` or a `File`. */
export interface FileLike {
  arrayBuffer(): Promise<ArrayBuffer>
}

/** What is used of an `ImageBitmap`. */
export interface BitmapLike {
  readonly width: number
  readonly height: number
  close(): void
}

/** What is used of a `VideoFrame`. */
export interface FrameLike {
  readonly displayWidth: number
  readonly displayHeight: number
  close(): void
}

/** A picture as a program or a page has it: the bytes of a file, or what stands for its pixels. */
export type GivenPicture = Uint8Array | ArrayBuffer | FileLike | PixelData | BitmapLike | FrameLike

/** The pixels of a picture in any form, or why there are none. */
export async function tryRgbImage(
  given: GivenPicture,
  options: DecodeOptions = {},
): Promise<RgbImage | Undecodable> {
  if (given instanceof Uint8Array) return tryDecode(given, options)
  if (given instanceof ArrayBuffer) return tryDecode(new Uint8Array(given), options)
  if (isFile(given)) return tryDecode(new Uint8Array(await given.arrayBuffer()), options)
  if (hasPixels(given)) return reducedOr(fromPixels(given, options), options)
  if (isDrawable(given)) return reducedOr(fromDrawable(given, options), options)
  const kind = kindOf(given)
  const isShown = /^HTML|^SVG|^OffscreenCanvas$/.test(kind)
  return { reason: `is no picture but ${kind}`, remedy: isShown ? 'give await createImageBitmap(it)' : forms }
}

function reducedOr(picture: RgbImage | Undecodable, { reduceTo }: DecodeOptions): RgbImage | Undecodable {
  return 'reason' in picture ? picture : reducedTo(picture, reduceTo)
}

const forms =
  'give the bytes of a file, a Blob, an ImageBitmap, ImageData, a VideoFrame or { width, height, data }'

function isFile(given: GivenPicture): given is FileLike {
  return typeof (given as Partial<FileLike> | null | undefined)?.arrayBuffer === 'function'
}

function hasPixels(given: GivenPicture): given is PixelData {
  return (given as Partial<PixelData> | null | undefined)?.data !== undefined
}

/** Told by what they call themselves, since they may come from another window. */
function isDrawable(given: GivenPicture): given is BitmapLike | FrameLike {
  return ['ImageBitmap', 'VideoFrame'].includes(kindOf(given))
}

function kindOf(given: unknown): string {
  return Object.prototype.toString.call(given).slice(8, -1)
}

function fromPixels({ width, height, data }: PixelData, options: DecodeOptions): RgbImage | Undecodable {
  if (!(data instanceof Uint8Array) && !(data instanceof Uint8ClampedArray)) {
    return {
      reason: `has pixels of type ${kindOf(data)}`,
      remedy: 'give a Uint8Array of levels from 0 to 255',
    }
  }
  const refused = refusedSides(width, height, options)
  if (refused) return refused
  const pixels = width * height
  if (data.length === 3 * pixels) {
    return { width, height, data: data instanceof Uint8Array ? data : Uint8Array.from(data) }
  }
  if (data.length !== 4 * pixels) {
    return {
      reason: `has data of length ${data.length} for ${width} x ${height} pixels`,
      remedy: 'give three levels a pixel (red, green, blue), or four (with alpha)',
    }
  }
  const opaque = new Uint8Array(3 * pixels)
  layOnWhite(data, options.transparency, opaque)
  return { width, height, data: opaque }
}

function fromDrawable(given: BitmapLike | FrameLike, options: DecodeOptions): RgbImage | Undecodable {
  const [width, height] =
    'displayWidth' in given ? [given.displayWidth, given.displayHeight] : [given.width, given.height]
  if (width === 0 || height === 0) {
    return { reason: 'has no pixels, as it is closed', remedy: 'give it before it is closed' }
  }
  return (
    refusedSides(width, height, options) ??
    drawnPixels(given as unknown as CanvasImageSource, { width, height }, options.transparency)
  )
}

function refusedSides(width: number, height: number, options: DecodeOptions): Undecodable | undefined {
  if (!isSide(width) || !isSide(height)) {
    return {
      reason: `has ${String(width)} x ${String(height)} pixels`,
      remedy: 'give whole numbers of at least 1',
    }
  }
  const { maxPixels = defaultMaxPixels } = options
  return width * height > maxPixels ? tooManyPixels(maxPixels) : undefined
}

function isSide(side: number): boolean {
  return Number.isSafeInteger(side) && side >= 1
}
