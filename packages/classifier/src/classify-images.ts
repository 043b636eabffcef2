import type { LevelFusion } from '@m2l/metric'
import { classifications, type Classification } from './classification.js'
import { disposeEmbedding, joinImages } from './embedding/embedded-images.js'
import type { Embedder } from './embedding/embedder.js'
import type { EmbeddedBatch, EmbedOptions, OnUnreadable } from './embedding/image-embedder.js'
import { supportOf, type LabelledImages } from './labelled-images.js'
import type { ReadableImage } from './pictures/given-image.js'
import { probabilitiesOf, scoreQueries } from './scores.js'
import type { ShotCounts } from './shot-counts.js'

/** What levels make of all examples they make anew for each so many images. */
const comparedAtOnce = 128

/** How images are classified. */
export interface ClassifyOptions extends EmbedOptions {
  /** Told the embeddings of images as they are made, a batch at a time. */
  readonly onEmbedded?: (batch: EmbeddedBatch) => void
}

/** By what images are classified. */
export interface ClassifiedBy {
  readonly metric: LevelFusion
  readonly embedder: Embedder
  /** The examples, as the embedder sees them. */
  readonly classes: LabelledImages
  readonly counts: ShotCounts
}

/**
 * Classifies images by examples, in batches, so that memory does not grow with their number.
 *
 * @param onUnreadable called with each picture that cannot be read; without it, the first one ends all
 * @returns what the examples say of each image, in their order; nothing of those that cannot be read
 * @throws {InputError} naming the first picture that cannot be read
 */
export async function classifyImages(
  { metric, embedder, classes, counts }: ClassifiedBy,
  images: readonly ReadableImage[],
  options: ClassifyOptions,
  onUnreadable?: OnUnreadable,
): Promise<(Classification | undefined)[]> {
  const labels = [...classes.keys()]
  const results: (Classification | undefined)[] = Array.from({ length: images.length })
  const support = supportOf(classes, counts)
  let waiting: EmbeddedBatch[] = []
  const compare = async () => {
    if (waiting.length === 0) return
    const scores = await scoreQueries(metric, support, joinImages(waiting.map((batch) => batch.images)))
    const rows = classifications(() => labels, scores, await probabilitiesOf(metric, scores))
    const positions = waiting.flatMap((batch) => batch.positions)
    positions.forEach((position, index) => (results[position] = rows[index]))
    waiting = []
  }
  try {
    for await (const batch of embedder.embed(images, options, onUnreadable)) {
      options.onEmbedded?.(batch)
      waiting.push(batch)
      if (waiting.reduce((sum, { positions }) => sum + positions.length, 0) >= comparedAtOnce) await compare()
    }
    await compare()
  } finally {
    disposeEmbedding(support)
  }
  return results
}
