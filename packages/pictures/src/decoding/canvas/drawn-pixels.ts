import { layOnWhite } from '../../lay-on-white.js'
import type { RgbImage } from '../../rgb-image.js'
import type { Size } from '../../transforms/view.js'
import type { DecodeOptions } from '../decode-options.js'
import type { Undecodable } from '../undecodable.js'

/**
 * Pixels that are drawn at once: browsers bound the size of a canvas, and four bytes of each are held beside
 * the result.
 */
const mostDrawn = 2 ** 20

/** The pixels of what can be drawn on a canvas. */
export function drawnPixels(
  source: CanvasImageSource,
  { width, height }: Size,
  transparency: DecodeOptions['transparency'],
): RgbImage | Undecodable {
  if (!isFaithful()) return changedPixels
  const rows = Math.min(height, Math.max(1, Math.floor(mostDrawn / width)))
  const context = contextOf(width, rows)
  const data = new Uint8Array(width * height * 3)
  for (let top = 0; top < height; top += rows) {
    context.drawImage(source, 0, -top)
    const seen = context.getImageData(0, 0, width, Math.min(rows, height - top))
    if (transparency === 'drop' && isTransparent(seen.data)) return lostColours
    layOnWhite(seen.data, transparency, data, 3 * top * width)
  }
  return { width, height, data }
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error(`no canvas of ${width} x ${height} pixels can be had`)
  // Each drawing replaces what is there, transparent pixels too.
  context.globalCompositeOperation = 'copy'
  context.imageSmoothingEnabled = false
  return context
}

const lostColours: Undecodable = {
  reason: 'has transparent pixels, whose colours a canvas does not keep',
  remedy: 'have it laid on white, or save it without transparency',
}

function isTransparent(pixels: Uint8ClampedArray): boolean {
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at] !== 255) return true
  return false
}

const changedPixels: Undecodable = {
  reason: 'cannot be read, as this browser changes the pixels that pages read from a canvas',
  remedy: 'allow this page to extract canvas data (Firefox), or to be fingerprinted (Brave)',
}

let faithful: boolean | undefined

/**
 * Draws a pattern and reads it back, once: where a browser protects against fingerprints by changing what
 * pages read, pictures would be classified by its noise.
 */
function isFaithful(): boolean {
  faithful ??= readsAsDrawn()
  return faithful
}

function readsAsDrawn(): boolean {
  const side = 64
  const pattern = Uint8ClampedArray.from({ length: side * side * 4 }, (_, at) =>
    at % 4 === 3 ? 255 : (at * 37 + (at >> 4) * 11) % 256,
  )
  const context = contextOf(side, side)
  context.putImageData(new ImageData(pattern, side, side), 0, 0)
  const read = context.getImageData(0, 0, side, side).data
  return read.every((level, at) => level === pattern[at])
}
