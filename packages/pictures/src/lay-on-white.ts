import type { DecodeOptions } from './decoding/decode-options.js'

/**
 * Red, green and blue of pixels with transparency: laid on white, rounded down as libvips does, or as they
 * are stored.
 *
 * @param pixels [n, 4] levels, the fourth 0 where nothing is seen; colours not multiplied by it.
 * @param data takes [n, 3] levels
 * @param offset where in it they begin
 */
export function layOnWhite(
  pixels: Uint8Array | Uint8ClampedArray,
  transparency: DecodeOptions['transparency'],
  data: Uint8Array,
  offset = 0,
): void {
  const drops = transparency === 'drop'
  for (let from = 0, to = offset; from < pixels.length; from += 4, to += 3) {
    const alpha = drops ? 255 : pixels[from + 3]!
    if (alpha === 255) {
      data[to] = pixels[from]!
      data[to + 1] = pixels[from + 1]!
      data[to + 2] = pixels[from + 2]!
      continue
    }
    const white = 255 * (255 - alpha)
    data[to] = (pixels[from]! * alpha + white) / 255
    data[to + 1] = (pixels[from + 1]! * alpha + white) / 255
    data[to + 2] = (pixels[from + 2]! * alpha + white) / 255
  }
}
