import type { RandomKey } from '@m2l/engine'
import type { Size, View } from './view.js'

/** The size of a picture, and what messages call it. */
export interface PictureSize extends Size {
  readonly name?: string
}

/**
 * Chooses the views of a picture of a given size; {@link renderViews} computes them.
 *
 * With a key the transform draws at random as in training: the same key draws the same. Without a key it
 * gives the fixed views of evaluation. Give every picture a key of its own, for example `key.fold(index)`.
 */
export type Transform = (image: PictureSize, key?: RandomKey) => View[]
