/** Pillow's antialiased filters; bicubic with a = -1/2. */
export type ResizeFilter = 'bilinear' | 'bicubic'

/** One number for each colour channel: red, green, blue. */
export type PerChannel = readonly [number, number, number]

/** Normalisations that have a name; `none` leaves levels as they are. */
export const normalisationNames = ['imagenet', 'cifar', 'efficientnet-lite', 'none'] as const
export type NormalisationName = (typeof normalisationNames)[number]

/** How pictures become the input of a network, as plain data that a file can say. */
export interface PictureInput {
  /** Height and width of the input, in pixels. */
  readonly size: number
  /**
   * `square`: the whole picture becomes a square, whatever its shape. A number: the shorter side becomes this
   * many pixels, the aspect is kept, then the middle square of `size` is cut out.
   */
  readonly resize: 'square' | number
  readonly filter: ResizeFilter
  /** In levels from 0 to 255: a level becomes `(level - mean) / deviation`. */
  readonly mean: PerChannel
  /** In levels, more than 0. */
  readonly deviation: PerChannel
}
