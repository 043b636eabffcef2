import type { Support } from '@m2l/metric'
import { embeddingOf, imageCount, joinImages, type EmbeddedImages } from './embedding/embedded-images.js'
import { drawnShots, type ShotCounts } from './shot-counts.js'

/** The embedded images of classes by their labels, in the order in which classes were added first. */
export type LabelledImages = ReadonlyMap<string, EmbeddedImages>

/** All images as the support of an episode, sorted by class; its tensors are the caller's. */
export function supportOf(classes: LabelledImages, counts: ShotCounts): Support {
  const images = [...classes.values()]
  const shots = images.map(imageCount)
  return { ...embeddingOf(joinImages(images)), shots, drawnShots: drawnShots(counts, shots) }
}
