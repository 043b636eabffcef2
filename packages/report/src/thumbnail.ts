import sharp from 'sharp'

/** Pixels: `height * width * 3` bytes, row-major, the red, green and blue of a pixel side by side. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/**
 * A small copy of a picture, for a page.
 *
 * @param source the bytes of a picture's file, turned as its EXIF data say, or pixels
 * @param side the most pixels that it may be wide and high; a smaller picture stays as it is
 * @returns the bytes of a WebP file
 * @throws when the bytes are no picture
 */
export async function thumbnail(source: Uint8Array | Pixels, side = 128): Promise<Uint8Array> {
  const picture =
    source instanceof Uint8Array
      ? sharp(source).autoOrient()
      : sharp(source.data, { raw: { width: source.width, height: source.height, channels: 3 } })
  const small = picture.resize(side, side, { fit: 'inside', withoutEnlargement: true })
  return small.webp({ quality: 82 }).toBuffer()
}
