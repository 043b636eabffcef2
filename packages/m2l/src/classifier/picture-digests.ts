import { createHash } from 'node:crypto'
import type { DecodeOptions, RgbImage } from '@m2l/datasets'
import { readGivenImage, type GivenImage, type NamedImage } from './given-image.js'

/** What pictures were seen, by their pixels: copies have the same digest, whatever their files are called. */
export class PictureDigests {
  readonly #digests = new Map<string, string>()
  /** The first picture of each digest. */
  readonly #first = new Map<string, string>()

  /** The same image, whose pixels are noted when it is read. */
  noting(image: GivenImage, name: string, options: DecodeOptions): NamedImage {
    return {
      name,
      read: async () => {
        const pixels = await readGivenImage(image, name, options)
        this.note(name, pixels)
        return pixels
      },
    }
  }

  note(name: string, { width, height, data }: RgbImage): void {
    const digest = createHash('sha256').update(`${width} x ${height}`).update(data).digest('base64')
    this.#digests.set(name, digest)
    if (!this.#first.has(digest)) this.#first.set(digest, name)
  }

  /** The first picture among others that is the same as one of these. */
  sameIn(others: PictureDigests, name: string): string | undefined {
    return others.#first.get(this.#digests.get(name) ?? '')
  }

  /** The pictures that are the same as an earlier one, with that. */
  copies(): (readonly [name: string, first: string])[] {
    return [...this.#digests].flatMap(([name, digest]) => {
      const first = this.#first.get(digest)!
      return first === name ? [] : [[name, first] as const]
    })
  }
}
