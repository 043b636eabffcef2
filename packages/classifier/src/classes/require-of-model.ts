import { InputError } from '@m2l/engine'
import type { EmbeddedImages } from '../embedding/embedded-images.js'
import { unfitting } from './encode-classes.js'
import type { SavedClasses } from './saved-classes.js'

/**
 * Requires that classes are of a model.
 *
 * @param file names them in errors
 * @param of the model, and what it makes of some image
 * @throws {InputError} when they are of another, or their embeddings have another shape
 */
export function requireOfModel(
  file: string,
  { model, classes }: SavedClasses,
  of: { readonly model: string; readonly example: EmbeddedImages },
): void {
  if (model !== of.model) {
    throw new InputError(
      `${file}: holds classes as other weights see them, or these with another head or other features; load what they were saved with, or add the pictures anew`,
    )
  }
  const expected = shapesOf(of.example)
  for (const { images } of classes.values()) if (shapesOf(images) !== expected) throw unfitting(file)
}

/** The shape of an image in each field, as a text to compare. */
export function shapesOf(images: EmbeddedImages): string {
  const shapes = Object.entries(images).map(([field, { shape }]) => `${field} [${shape.slice(1).join(', ')}]`)
  return shapes.toSorted().join(', ')
}
