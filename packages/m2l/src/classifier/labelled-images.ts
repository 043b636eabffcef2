import { InputError, requireFinite } from '@m2l/engine'
import type { EmbeddingField, Support } from '@m2l/metric'
import { loadSafetensors, requireFiniteTensors, saveSafetensors, type StoredTensor } from '@m2l/nn'
import { z } from 'zod'
import { chooseImages, embeddingOf, imageCount, joinImages, type EmbeddedImages } from './embedded-images.js'
import { drawnShots, type ShotCounts } from './shot-counts.js'

/** The embedded images of classes by their labels, in the order in which classes were added first. */
export type LabelledImages = ReadonlyMap<string, EmbeddedImages>

/** All images as the support of an episode, sorted by class; its tensors are the caller's. */
export function supportOf(classes: LabelledImages, counts: ShotCounts): Support {
  const images = [...classes.values()]
  const shots = images.map(imageCount)
  return { ...embeddingOf(joinImages(images)), shots, drawnShots: drawnShots(counts, shots) }
}

const format = 'm2l-classes-1'
const classesSchema = z.array(z.tuple([z.string().min(1), z.int().min(1)]))

/**
 * Saves classes as a safetensors file, at once: their embeddings, and their labels with the numbers of images.
 *
 * @param model says which model the embeddings are of
 * @throws {InputError} when the file cannot be written
 */
export async function saveClasses(file: string, classes: LabelledImages, model: string): Promise<void> {
  const labels = [...classes].map(([label, images]) => [label, imageCount(images)])
  const tensors = joinImages([...classes.values()]) as Record<EmbeddingField, StoredTensor>
  requireFiniteTensors(tensors, `${file} was not written`)
  const text = new TextEncoder().encode(JSON.stringify(labels)) // a tensor, so that the checksum covers it
  await saveSafetensors(
    file,
    { ...tensors, classes: { shape: [text.length], data: text } },
    { format, model },
  )
}

/**
 * Reads what {@link saveClasses} wrote.
 *
 * @param of the model that the embeddings must be of, and what it makes of some image
 * @throws {InputError} when the file cannot be read, is damaged or something else, or the classes are of another model
 */
export async function loadClasses(
  file: string,
  { model, example }: { readonly model: string; readonly example: EmbeddedImages },
): Promise<LabelledImages> {
  const { tensors, metadata } = await loadSafetensors(file)
  const { classes: labels, ...fields } = tensors
  if (metadata.format !== format || !labels) {
    throw new InputError(`${file}: holds no classes of a classifier; name a file that its save wrote`)
  }
  if (metadata.model !== model) {
    throw new InputError(
      `${file}: holds classes as other weights see them; load the weights that they were saved with, or add the pictures anew`,
    )
  }
  const counts = parseLabels(file, labels, { fields, example })
  let end = 0
  return new Map(
    counts.map(([label, count]) => {
      const positions = Array.from({ length: count }, (_, index) => end + index)
      end += count
      return [label, chooseImages(fields as EmbeddedImages, positions)]
    }),
  )
}

/** The labels with the numbers of images, which together are those of every field. */
function parseLabels(
  file: string,
  labels: StoredTensor,
  { fields, example }: { fields: Readonly<Record<string, StoredTensor>>; example: EmbeddedImages },
): z.output<typeof classesSchema> {
  const counts = parsedOrNone(labels)
  const images = counts?.reduce((sum, [, count]) => sum + count, 0)
  const expected = Object.entries(example).map(([name, { shape }]) => [name, [images, ...shape.slice(1)]])
  const found = Object.entries(fields).map(([name, { shape }]) => [name, shape])
  const isWhole = JSON.stringify(found.toSorted()) === JSON.stringify(expected.toSorted())
  const isNumbers = Object.values(fields).every(({ data }) => data instanceof Float32Array)
  const isDistinct = new Set(counts?.map(([label]) => label)).size === counts?.length
  if (counts && isWhole && isNumbers && isDistinct) {
    for (const [field, { data }] of Object.entries(fields))
      requireFinite(data as Float32Array, `${file}: the ${field} of its pictures`, 'add the pictures anew')
    return counts
  }
  throw new InputError(
    `${file}: its classes and their embeddings do not fit together; save or copy the file again`,
  )
}

function parsedOrNone({ data }: StoredTensor): z.output<typeof classesSchema> | undefined {
  try {
    return classesSchema.parse(
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data as Uint8Array)),
    )
  } catch {
    return undefined
  }
}
