import type { RgbImage } from '@m2l/datasets'
import { areFinite, InputError } from '@m2l/engine'
import {
  disposeImages,
  embeddingGraph,
  imageTensors,
  prefetch,
  renderImages,
  type EmbeddingGraph,
  type FewShotModel,
  type ImageTransforms,
  type OnEager,
} from '@m2l/trainer'
import { disposeEmbedding, embeddedImages, type EmbeddedImages } from './embedded-images.js'
import { nameOfImage, readGivenImage, type GivenImage } from './given-image.js'

/** How many images pass the backbone at once, each with all its parts or without any. */
const imagesPerBatch = { withParts: 16, withoutParts: 64 }

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

/** Reads images and embeds them, in batches whose number does not change what it takes in memory. */
export class ImageEmbedder {
  readonly reduceTo: number
  readonly #model: FewShotModel
  readonly #transforms: ImageTransforms
  readonly #embed: EmbeddingGraph

  /**
   * @param reduceTo larger pictures are reduced while they are read, so that their shorter side is so long
   * @param onEager see `GraphFunctionOptions` of `@m2l/engine`
   */
  constructor(model: FewShotModel, transforms: ImageTransforms, reduceTo: number, onEager?: OnEager) {
    this.#model = model
    this.#transforms = transforms
    this.reduceTo = reduceTo
    this.#embed = embeddingGraph(model, onEager)
  }

  /**
   * The embeddings of images, batch by batch.
   *
   * @param onUnreadable without it, a picture that cannot be read ends all
   * @throws {InputError} naming the first picture that cannot be read
   */
  async *embed(
    images: readonly GivenImage[],
    { onProgress, signal }: EmbedOptions,
    onUnreadable?: OnUnreadable,
  ): AsyncGenerator<EmbeddedBatch> {
    const size = this.#views.includes('parts') ? imagesPerBatch.withParts : imagesPerBatch.withoutParts
    let done = 0
    for await (const [positions, batch] of prefetch(slices(images.length, size), (some) =>
      this.#load(images, some, onUnreadable),
    )) {
      signal?.throwIfAborted()
      if (batch.positions.length > 0) {
        const tensors = imageTensors(batch.rendered!, this.#transforms)
        const embedding = this.#embed(tensors)
        disposeImages(tensors, batch.rendered)
        try {
          const embedded = await embeddedImages(embedding)
          requireFiniteFeatures(embedded, (row) =>
            nameOfImage(images[batch.positions[row]!]!, batch.positions[row]!),
          )
          yield { positions: batch.positions, images: embedded }
        } finally {
          disposeEmbedding(embedding)
        }
      }
      done += positions.length
      onProgress?.(done, images.length)
    }
  }

  dispose(): void {
    this.#embed.dispose()
  }

  get #views() {
    return this.#model.views
  }

  async #load(images: readonly GivenImage[], positions: readonly number[], onUnreadable?: OnUnreadable) {
    const read = await Promise.allSettled(
      positions.map(async (position) => {
        try {
          return await this.#read(images[position]!, position)
        } catch (error) {
          if (!onUnreadable || !(error instanceof InputError)) throw error
          onUnreadable(position, error)
          return undefined
        }
      }),
    )
    const pictures = read.map((one) => {
      if (one.status === 'rejected') throw one.reason // the first in their order, whichever failed first
      return one.value
    })
    const readable = positions.filter((_, index) => pictures[index] !== undefined)
    const seen = pictures.filter((picture) => picture !== undefined)
    if (seen.length === 0) return { positions: readable }
    return { positions: readable, rendered: await renderImages(seen, this.#transforms, this.#views) }
  }

  #read(image: GivenImage, position: number): Promise<RgbImage> {
    return readForModel(image, nameOfImage(image, position), {
      views: this.#views,
      transforms: this.#transforms,
      reduceTo: this.reduceTo,
    })
  }
}

/** What a picture is read for. */
export interface ReadForModelOptions extends Pick<ImageEmbedder, 'reduceTo'> {
  readonly views: FewShotModel['views']
  readonly transforms: ImageTransforms
}

/**
 * The pixels of a picture of which a model's views can be made.
 *
 * @throws {InputError} naming it when it cannot be read or is too small
 */
export async function readForModel(
  image: GivenImage,
  name: string,
  { views, transforms, reduceTo }: ReadForModelOptions,
): Promise<RgbImage> {
  const picture = { ...(await readGivenImage(image, name, { reduceTo })), name }
  for (const view of views) transforms[view]!(picture) // says at once what does not fit
  return picture
}

/** @throws {InputError} naming the first picture whose features are not finite */
function requireFiniteFeatures(images: EmbeddedImages, nameOf: (row: number) => string): void {
  for (const [field, { shape, data }] of Object.entries(images)) {
    if (areFinite(data)) continue
    const row = Math.floor(data.findIndex((value) => !Number.isFinite(value)) / (data.length / shape[0]!))
    throw new InputError(
      `${nameOf(row)}: its features (${field}) are not finite; the weights are damaged, or the picture's numbers are`,
    )
  }
}

function* slices(count: number, size: number): Generator<number[]> {
  for (let start = 0; start < count; start += size) {
    yield Array.from({ length: Math.min(size, count - start) }, (_, index) => start + index)
  }
}
