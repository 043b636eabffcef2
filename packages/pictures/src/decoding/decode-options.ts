/** How pictures become RGB. */
export interface DecodeOptions {
  /**
   * What lies behind transparent pixels. `white` (default) lays the picture on white, as it looks on a page.
   * `drop` keeps the colours stored under transparency, as Pillow's `convert('RGB')` does. No published
   * few-shot data set has transparency.
   */
  readonly transparency?: 'white' | 'drop'
  /**
   * Pictures of more pixels are refused, against decompression bombs. Default 89,478,485, as in Pillow. Of
   * more than 16,777,216 pixels, those are refused as well that have more than a hundred for each byte of
   * their file.
   */
  readonly maxPixels?: number
  /**
   * Pictures whose shorter side is at least twice this long, in pixels, are reduced by the largest whole
   * factor that leaves it at least so long: each pixel is the mean of a box, as Pillow's `reduce` computes
   * it. That spares memory and time where only small views of large photographs are wanted. None are unless
   * it is given.
   */
  readonly reduceTo?: number
}

/** The limit of {@link DecodeOptions.maxPixels} where none is given. */
export const defaultMaxPixels = 89_478_485
