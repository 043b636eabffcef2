import type { ReadableImage } from '../pictures/given-image.js'
import type { EmbeddedBatch, EmbedOptions, OnUnreadable } from './image-embedder.js'

/**
 * Makes embeddings of pictures, as plain numbers: of their pixels, by a network, or of what else they are
 * given as.
 */
export interface Embedder {
  /** Names all that decides its numbers: a SHA-256 in hexadecimal. */
  readonly fingerprint: string
  /** Larger pictures are reduced while they are read, so that their shorter side is so long. */
  readonly reduceTo: number
  /**
   * The embeddings of pictures, batch by batch.
   *
   * @param onUnreadable called with each picture that cannot be read; without it, the first one ends all
   * @throws {InputError} naming the first picture that cannot be read
   */
  embed(
    images: readonly ReadableImage[],
    options: EmbedOptions,
    onUnreadable?: OnUnreadable,
  ): AsyncGenerator<EmbeddedBatch>
  dispose(): void
}
