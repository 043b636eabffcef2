import { InputError } from '@m2l/engine'
import type { ReadableImage } from '../pictures/given-image.js'
import { joinImages } from './embedded-images.js'
import type { Embedder } from './embedder.js'
import type { EmbeddedBatch, EmbedOptions, OnUnreadable } from './image-embedder.js'

/**
 * The embeddings of all pictures that can be read.
 *
 * @param onUnreadable called with each picture that cannot be read; without it, the first one ends all
 * @throws {InputError} naming the first picture that cannot be read, or when none can be or there is none
 */
export async function embedImages(
  embedder: Embedder,
  images: readonly ReadableImage[],
  options: EmbedOptions,
  onUnreadable?: OnUnreadable,
): Promise<EmbeddedBatch> {
  if (!Array.isArray(images) || images.length === 0) {
    throw new InputError('expected a list of at least one image to embed')
  }
  const reasons: string[] = []
  const onLeftOut: OnUnreadable = (position, error) => {
    reasons.push(error.message)
    onUnreadable!(position, error)
  }
  const embedded = await embedReadable(embedder, images, options, onUnreadable && onLeftOut)
  if (!embedded) throw new InputError(`none of the images can be read: ${reasons[0]}`)
  return embedded
}

/** The same, but nothing where none can be read. */
export async function embedReadable(
  embedder: Embedder,
  images: readonly ReadableImage[],
  options: EmbedOptions,
  onUnreadable?: OnUnreadable,
): Promise<EmbeddedBatch | undefined> {
  const batches: EmbeddedBatch[] = []
  for await (const batch of embedder.embed(images, options, onUnreadable)) batches.push(batch)
  if (batches.length === 0) return undefined
  return {
    positions: batches.flatMap(({ positions }) => positions),
    images: joinImages(batches.map((batch) => batch.images)),
  }
}
