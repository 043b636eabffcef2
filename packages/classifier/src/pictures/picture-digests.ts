import { digestOfPieces } from '../fingerprint.js'
import type { DecodeOptions, RgbImage } from '@m2l/pictures'
import { isFeatures, type GivenFeatures } from '../features/feature-set.js'
import { readGivenImage, type ReadableImage, type NamedImage } from './given-image.js'

/** What pictures were seen, by their pixels: copies have the same digest, whatever their files are called. */
export class PictureDigests {
  /** By name, in the order in which pictures were given; undefined for those that have not been read. */
  readonly #digests = new Map<string, string | undefined>()
  #firsts: ReadonlyMap<string, string> | undefined

  /** The same image, whose pixels are noted when it is read. */
  noting(image: ReadableImage, name: string, options: DecodeOptions): NamedImage | GivenFeatures {
    if (isFeatures(image)) {
      this.set(name, digestOfFeatures(image))
      return image
    }
    this.#digests.set(name, undefined)
    return {
      name,
      read: async () => {
        const pixels = await readGivenImage(image, name, options)
        this.note(name, pixels)
        return pixels
      },
    }
  }

  note(name: string, picture: RgbImage): void {
    this.set(name, digestOf(picture))
  }

  has(name: string): boolean {
    return this.#digests.has(name)
  }

  /** Notes a picture whose digest is known, or is not. */
  set(name: string, digest: string | undefined): void {
    this.#digests.set(name, digest)
    this.#firsts = undefined
  }

  /** The digest of a picture; nothing where it has not been read. */
  of(name: string): string | undefined {
    return this.#digests.get(name)
  }

  /** The first picture among others that is the same as one of these. */
  sameIn(others: PictureDigests, name: string): string | undefined {
    return others.#first(this.#digests.get(name))
  }

  /** The pictures that are the same as an earlier one, with that. */
  copies(): (readonly [name: string, first: string])[] {
    return [...this.#digests].flatMap(([name, digest]) => {
      const first = this.#first(digest)
      return first === undefined || first === name ? [] : [[name, first] as const]
    })
  }

  /** The first picture of a digest, in the order in which they were given. */
  #first(digest: string | undefined): string | undefined {
    if (digest === undefined) return undefined
    this.#firsts ??= new Map(
      [...this.#digests]
        .toReversed()
        .flatMap(([name, other]) => (other === undefined ? [] : [[other, name]])),
    )
    return this.#firsts.get(digest)
  }
}

/** SHA-256 of a picture's features, in base64. */
export function digestOfFeatures({ features: { shape, data } }: GivenFeatures): string {
  return digestOfPieces(`features ${shape}`, data)
}

/** SHA-256 of a picture's size and pixels, in base64. */
export function digestOf({ width, height, data }: RgbImage): string {
  return digestOfPieces(`${width} x ${height}`, data)
}
