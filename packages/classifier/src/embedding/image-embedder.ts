import type { RgbImage } from '@m2l/pictures'
import { InputError } from '@m2l/engine'
import {
  imagesPerBatch,
  prefetch,
  renderImages,
  type ImageNetwork,
  type ImageTransforms,
  type ImageView,
  type ViewRenderer,
} from '@m2l/model'
import { chooseImages, notFinite, type EmbeddedImages } from './embedded-images.js'
import type { Embedder } from './embedder.js'
import { nameOfImage, readGivenImage, type ReadableImage } from '../pictures/given-image.js'

/**
 * Photographs are reduced to at least so many times the network's input when they are read: its smallest crop
 * is half a side.
 */
export const readAtTimes = 8

/** How many images pass the backbone at once, at most. */
const mostImages = { withParts: 16, withoutParts: 32 }

/** How images are embedded. */
export interface EmbedOptions {
  /** Told how many of the images are done. */
  readonly onProgress?: (done: number, total: number) => void
  /** Aborting it breaks off after the batch under way, with its reason. */
  readonly signal?: AbortSignal
}

/** Some of the images that were given, embedded. */
export interface EmbeddedBatch {
  /** Where the images are in the list. */
  readonly positions: readonly number[]
  readonly images: EmbeddedImages
}

/** Called with a picture that cannot be read, which is then left out. */
export type OnUnreadable = (position: number, error: InputError) => void

/** What images are read for, and what embeds them. */
export interface ImageEmbedderOptions {
  /** What embeds them, which is the embedder's from then on. */
  readonly network: ImageNetwork
  /** The views of an image that the network sees, and how they are made. */
  readonly views: readonly ImageView[]
  readonly transforms: ImageTransforms
  /** Larger pictures are reduced when they are read, so that their shorter side is at least so long. */
  readonly reduceTo: number
  /** Names all that decides the numbers: a SHA-256 in hexadecimal. */
  readonly fingerprint: string
  /** What renders views, where the calling thread is not to. */
  readonly render?: ViewRenderer | undefined
}

/** Reads images and embeds them, in batches whose number does not change what it takes in memory. */
export class ImageEmbedder implements Embedder {
  readonly #options: ImageEmbedderOptions

  constructor(options: ImageEmbedderOptions) {
    this.#options = options
  }

  get fingerprint(): string {
    return this.#options.fingerprint
  }

  get reduceTo(): number {
    return this.#options.reduceTo
  }

  /**
   * The embeddings of images, batch by batch.
   *
   * @param onUnreadable without it, a picture that cannot be read ends all
   * @throws {InputError} naming the first picture that cannot be read
   */
  async *embed(
    images: readonly ReadableImage[],
    { onProgress, signal }: EmbedOptions,
    onUnreadable?: OnUnreadable,
  ): AsyncGenerator<EmbeddedBatch> {
    const { network, views, transforms } = this.#options
    const size = imagesPerBatch(views, transforms, mostImages)
    let done = 0
    for await (const [positions, batch] of prefetch(slices(images.length, size), (some) =>
      this.#load(images, some, onUnreadable),
    )) {
      signal?.throwIfAborted()
      if (batch.positions.length > 0) {
        const embedded = { positions: batch.positions, images: await network.embed(batch.rendered!) }
        const finite = withoutNotFinite(embedded, images, onUnreadable)
        if (finite.positions.length > 0) yield finite
      }
      done += positions.length
      onProgress?.(done, images.length)
    }
  }

  dispose(): void {
    this.#options.network.dispose()
  }

  async #load(images: readonly ReadableImage[], positions: readonly number[], onUnreadable?: OnUnreadable) {
    const read = await Promise.allSettled(
      positions.map((position) => this.#read(images[position]!, position)),
    )
    const pictures = read.map((one, index) => {
      if (one.status === 'fulfilled') return one.value
      // in their order, whichever failed first
      if (!onUnreadable || !(one.reason instanceof InputError)) throw one.reason
      onUnreadable(positions[index]!, one.reason)
      return undefined
    })
    const readable = positions.filter((_, index) => pictures[index] !== undefined)
    const seen = pictures.filter((picture) => picture !== undefined)
    if (seen.length === 0) return { positions: readable }
    const { transforms, views, render } = this.#options
    return {
      positions: readable,
      rendered: await renderImages(seen, transforms, views, { render }),
    }
  }

  #read(image: ReadableImage, position: number): Promise<RgbImage> {
    return readForModel(image, nameOfImage(image, position), this.#options)
  }
}

/** What a picture is read for. */
export type ReadForModelOptions = Pick<ImageEmbedderOptions, 'views' | 'transforms' | 'reduceTo'>

/**
 * The pixels of a picture of which a model's views can be made.
 *
 * @throws {InputError} naming it when it cannot be read or is too small
 */
export async function readForModel(
  image: ReadableImage,
  name: string,
  { views, transforms, reduceTo }: ReadForModelOptions,
): Promise<RgbImage> {
  const picture = { ...(await readGivenImage(image, name, { reduceTo })), name }
  for (const view of views) transforms[view]!(picture) // says at once what does not fit
  return picture
}

/**
 * Leaves out the images of which a network makes numbers that are not finite, since everything would be as
 * near to them.
 *
 * @throws {InputError} naming the first, where none is to be told of it
 */
function withoutNotFinite(
  batch: EmbeddedBatch,
  images: readonly ReadableImage[],
  onUnreadable: OnUnreadable | undefined,
): EmbeddedBatch {
  const bad = new Set(notFinite(batch.images))
  if (bad.size === 0) return batch
  for (const index of bad) {
    const position = batch.positions[index]!
    const error = new InputError(
      `${nameOfImage(images[position]!, position)}: the network makes numbers of it that are not finite; take other weights`,
    )
    if (!onUnreadable) throw error
    onUnreadable(position, error)
  }
  const rest = batch.positions.map((_, index) => index).filter((index) => !bad.has(index))
  return {
    positions: rest.map((index) => batch.positions[index]!),
    images: chooseImages(batch.images, rest),
  }
}

function* slices(count: number, size: number): Generator<number[]> {
  for (let start = 0; start < count; start += size) {
    yield Array.from({ length: Math.min(size, count - start) }, (_, index) => start + index)
  }
}
