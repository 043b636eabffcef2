import type { DecodeOptions, RgbImage } from '@m2l/datasets'
import type { Example } from '../classes/saved-classes.js'
import { nameOfImage, readGivenImage, type GivenImage, type NamedImage } from './given-image.js'
import { digestOf } from './picture-digests.js'

/** A picture of which it is noted, when it is read, what is to be known of it as an example. */
export class NotedImage implements NamedImage {
  readonly name: string
  readonly #image: GivenImage
  readonly #options: DecodeOptions
  #digest: string | null = null

  constructor(image: GivenImage, position: number, options: DecodeOptions) {
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
