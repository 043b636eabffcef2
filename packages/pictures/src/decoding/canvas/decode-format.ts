import { defaultMaxPixels } from '../decode-options.js'
import type { FormatDecoder } from '../format-decoder.js'
import { refusedSize } from '../refused-size.js'
import { drawnPixels } from './drawn-pixels.js'
import { storedSize } from './stored-size.js'

/** Levels as they are stored, and the picture upright: what browsers do by default differs. */
const asStored = {
  colorSpaceConversion: 'none',
  premultiplyAlpha: 'none',
  imageOrientation: 'from-image',
} as const

/** Decodes with what the runtime brings for web pages: `createImageBitmap` and a canvas. */
export const decodeFormat: FormatDecoder = async (bytes, format, options) => {
  const { maxPixels = defaultMaxPixels, transparency } = options
  if (format === 'tiff') {
    return { reason: 'is a TIFF picture, which is read in Node only', remedy: 'save it as JPEG or PNG' }
  }
  if (typeof createImageBitmap !== 'function') {
    return {
      reason: 'cannot be decoded, as this runtime has no createImageBitmap',
      remedy: 'give its pixels as { width, height, data }',
    }
  }
  const size = storedSize(bytes, format)
  const refused = size && refusedSize(size, bytes.length, maxPixels)
  if (refused) return refused
  const bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>]), asStored)
  try {
    return refusedSize(bitmap, bytes.length, maxPixels) ?? drawnPixels(bitmap, bitmap, transparency)
  } finally {
    bitmap.close()
  }
}
