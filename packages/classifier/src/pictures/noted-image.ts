import type { DecodeOptions, RgbImage } from '@m2l/pictures'
import type { Example } from '../classes/saved-classes.js'
import { nameOfImage, readGivenImage, type ReadableImage, type NamedImage } from './given-image.js'
import { isFeatures } from '../features/feature-set.js'
import { digestOf, digestOfFeatures } from './picture-digests.js'

/**
 * A picture in the form in which a classifier adds it, and what is to be known of it as an example once it
 * has been read.
 *
 * @param position its place in a list
 */
export function notedImage(
  image: ReadableImage,
  position: number,
  options: DecodeOptions,
): { readonly image: ReadableImage; readonly example: Example } {
  if (isFeatures(image)) return { image, example: { name: image.name, digest: digestOfFeatures(image) } }
  const noted = new NotedImage(image, position, options)
  return {
    image: noted,
    get example() {
      return noted.example
    },
  }
}

/** A picture of which it is noted, when it is read, what is to be known of it as an example. */
class NotedImage implements NamedImage {
  readonly name: string
  readonly #image: ReadableImage
  readonly #options: DecodeOptions
  #digest: string | null = null

  constructor(image: ReadableImage, position: number, options: DecodeOptions) {
    this.name = nameOfImage(image, position)
    this.#image = image
    this.#options = options
  }

  async read(): Promise<RgbImage> {
    const picture = await readGivenImage(this.#image, this.name, this.#options)
    this.#digest = digestOf(picture)
    return picture
  }

  get example(): Example {
    const image = this.#image as Partial<NamedImage> | string
    const name = typeof image === 'string' ? image : (image.name ?? null)
    return { name, digest: this.#digest }
  }
}
