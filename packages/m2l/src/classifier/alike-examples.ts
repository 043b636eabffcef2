import { type EmbeddedImages, imageCount, type SavedClasses } from '@m2l/classifier'
import { count } from '@m2l/engine'

/**
 * By which share of the largest number features of the same picture may differ, as batches of several sizes
 * make them.
 */
const rounding = 1e-5

/**
 * Tells where all examples of all classes have the same features, so that nothing tells the classes apart. */
export function alikeNotes(classes: SavedClasses['classes']): string[] {
  const all = [...classes.values()].map(({ images }) => images)
  const examples = all.reduce((sum, images) => sum + imageCount(images), 0)
  if (examples < 2 || !(['map', 'parts'] as const).every((field) => isSame(all, field))) return []
  return [
    `all ${count(examples, 'example')} look the same to the network, so that answers are mere guesses; look whether the right pictures are given`,
  ]
}

/** Whether a field of the embeddings is the same for all images. */
function isSame(all: readonly EmbeddedImages[], field: 'map' | 'parts'): boolean {
  const first = all[0]?.[field]
  if (!first) return true
  const one = first.data.subarray(0, first.data.length / first.shape[0]!)
  const bound = rounding * one.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return all.every(({ [field]: values }) =>
    values!.data.every((value, index) => Math.abs(value - one[index % one.length]!) <= bound),
  )
}
