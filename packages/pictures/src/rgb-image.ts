/** A decoded picture: 8 bits a channel, sRGB, no alpha. */
export interface RgbImage {
  /** Columns, at least 1. */
  readonly width: number
  /** Rows, at least 1. */
  readonly height: number
  /** `height * width * 3` bytes, row-major, the red, green and blue of a pixel side by side, each 0-255. */
  readonly data: Uint8Array
  /** What messages call it: a path, an entry of an archive, or an id. */
  readonly name?: string
}
