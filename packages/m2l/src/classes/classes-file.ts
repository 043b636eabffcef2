import { InputError, requireFinite } from '@m2l/engine'
import type { EmbeddingField } from '@m2l/metric'
import { loadSafetensors, requireFiniteTensors, saveSafetensors, type StoredTensor } from '@m2l/nn'
import { z } from 'zod'
import { chooseImages, joinImages, type EmbeddedImages } from '../classifier/embedded-images.js'
import { namelessClass, type SavedClass, type SavedClasses } from './saved-classes.js'

const format = 'm2l-classes-2'

/** A class as a file describes it. */
interface Described {
  readonly label: string
  readonly count: number
  readonly examples?: SavedClass['examples']
}

const label = z.string().min(1)
const text = z.string().nullable()

/** How the formats describe classes; the first one says neither weights nor files. */
const descriptions: Readonly<Record<string, z.ZodType<readonly Described[]>>> = {
  [format]: z
    .array(
      z.strictObject({
        label,
        examples: z.array(z.strictObject({ name: text, digest: text })).min(1),
      }),
    )
    .transform((classes) => classes.map((one) => ({ ...one, count: one.examples.length }))),
  'm2l-classes-1': z
    .array(z.tuple([label, z.int().min(1)]))
    .transform((classes) => classes.map(([name, count]) => ({ label: name, count }))),
}

/**
 * Saves classes as a safetensors file, at once: the embeddings of all examples in the order of the classes under the names of
 * their fields, and as `classes` a JSON text of labels, names and digests, in bytes so that the checksum covers it. Its
 * metadata are `format`, the fingerprint of the `model`, and, as far as they are known, its `weights`, `card`, `recipe`,
 * and the `head` and `features` that a person named.
 *
 * @throws {InputError} when there are none, an embedding is not finite, or the file cannot be written
 */
export async function writeClasses(
  file: string,
  { model, weights, card, recipe, head, features, classes }: SavedClasses,
): Promise<void> {
  if (classes.size === 0) throw new InputError(`${file}: there are no classes to save; add some`)
  const ofClasses = [...classes.values()]
  const fields = joinImages(ofClasses.map(({ images }) => images)) as Record<EmbeddingField, StoredTensor>
  requireFiniteTensors(fields, `${file} was not written`)
  const described = [...classes].map(([name, { examples }]) => ({ label: name, examples }))
  const data = new TextEncoder().encode(JSON.stringify(described))
  await saveSafetensors(
    file,
    { ...fields, classes: { shape: [data.length], data } },
    {
      format,
      model,
      ...(weights !== undefined && { weights }),
      ...(card !== undefined && { card }),
      ...(head !== undefined && { head }),
      ...(features !== undefined && { features }),
      ...(recipe !== undefined && { recipe }),
    },
  )
}

/**
 * Reads what {@link writeClasses} wrote, now or in the first format.
 *
 * @throws {InputError} when the file cannot be read, is damaged or something else
 */
export async function readClasses(file: string): Promise<SavedClasses> {
  const { tensors, metadata } = await loadSafetensors(file)
  const { classes: described, ...fields } = tensors
  const { format: found, model, weights, card, recipe, head, features } = metadata
  const schema = Object.hasOwn(descriptions, found ?? '') && descriptions[found!]
  if (!schema || !described || model === undefined) {
    throw new InputError(`${file}: holds no classes of a classifier; name a file that its save wrote`)
  }
  const labelled = parsedOrNone(described, schema)
  const images = Object.values(fields)[0]?.shape[0]
  const isNumbers = Object.values(fields).every(({ data }) => data instanceof Float32Array)
  const isEqual = Object.values(fields).every(({ shape }) => shape.length > 1 && shape[0] === images)
  const isDistinct = new Set(labelled?.map((one) => one.label)).size === labelled?.length
  const sum = labelled?.reduce((all, { count }) => all + count, 0)
  if (!labelled || !isNumbers || !isEqual || !isDistinct || sum !== images) throw unfitting(file)
  for (const [field, { data }] of Object.entries(fields))
    requireFinite(data as Float32Array, `${file}: the ${field} of its pictures`, 'add the pictures anew')
  let end = 0
  const classes = labelled.map(({ label: name, count, examples }): [string, SavedClass] => {
    const positions = Array.from({ length: count }, (_, index) => end + index)
    end += count
    const ofClass = chooseImages(fields as EmbeddedImages, positions)
    return [name, examples ? { images: ofClass, examples } : namelessClass(ofClass)]
  })
  return {
    model,
    ...(weights !== undefined && { weights }),
    ...(card !== undefined && { card }),
    ...(head !== undefined && { head }),
    ...(features !== undefined && { features }),
    ...(recipe !== undefined && { recipe }),
    classes: new Map(classes),
  }
}

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

function unfitting(file: string): InputError {
  return new InputError(
    `${file}: its classes and their embeddings do not fit together; save or copy the file again`,
  )
}

function parsedOrNone(
  { data }: StoredTensor,
  schema: z.ZodType<readonly Described[]>,
): readonly Described[] | undefined {
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data as Uint8Array)))
  } catch {
    return undefined
  }
}
