import { InputError, requireFinite } from '@m2l/engine'
import type { EmbeddingField } from '@m2l/metric'
import { decodeSafetensors, encodeSafetensors, requireFiniteTensors, type StoredTensor } from '@m2l/nn'
import { z } from 'zod'
import { chooseImages, joinImages, type EmbeddedImages } from '../embedding/embedded-images.js'
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
 * Classes as the bytes of a safetensors file: the embeddings of all examples in the order of the classes
 * under the names of their fields, and as `classes` a JSON text of labels, names and digests, in bytes so
 * that the checksum covers it. Its metadata are `format`, the fingerprint of the `model`, and, as far as they
 * are known, its `weights`, `card`, `recipe`, and the `head` and `features` that a person named.
 *
 * @param source what messages call them
 * @throws {InputError} when there are none, or an embedding is not finite
 */
export function encodeClasses({ classes, ...facts }: SavedClasses, source: string): Uint8Array {
  if (classes.size === 0) throw new InputError(`${source}: there are no classes to save; add some`)
  const ofClasses = [...classes.values()]
  const fields = joinImages(ofClasses.map(({ images }) => images)) as Record<EmbeddingField, StoredTensor>
  requireFiniteTensors(fields, `${source} was not written`)
  const described = [...classes].map(([name, { examples }]) => ({ label: name, examples }))
  const data = new TextEncoder().encode(JSON.stringify(described))
  return encodeSafetensors({
    tensors: { ...fields, classes: { shape: [data.length], data } },
    metadata: { format, ...known(facts) },
  })
}

/**
 * Reads what {@link encodeClasses} wrote, now or in the first format.
 *
 * @param source what messages call the bytes
 * @throws {InputError} when they are damaged or something else
 */
export function decodeClasses(bytes: Uint8Array, source: string): SavedClasses {
  const { tensors, metadata } = decodeSafetensors(bytes, source)
  const { classes: described, ...fields } = tensors
  const { format: found, model, weights, card, recipe, head, features } = metadata
  const schema = Object.hasOwn(descriptions, found ?? '') && descriptions[found!]
  if (!schema || !described || model === undefined) {
    throw new InputError(`${source}: holds no classes of a classifier; name a file that its save wrote`)
  }
  const labelled = parsedOrNone(described, schema)
  const images = Object.values(fields)[0]?.shape[0]
  const isNumbers = Object.values(fields).every(({ data }) => data instanceof Float32Array)
  const isEqual = Object.values(fields).every(({ shape }) => shape.length > 1 && shape[0] === images)
  const isDistinct = new Set(labelled?.map((one) => one.label)).size === labelled?.length
  const sum = labelled?.reduce((all, { count }) => all + count, 0)
  if (!labelled || !isNumbers || !isEqual || !isDistinct || sum !== images) throw unfitting(source)
  for (const [field, { data }] of Object.entries(fields))
    requireFinite(data as Float32Array, `${source}: the ${field} of its pictures`, 'add the pictures anew')
  let end = 0
  const classes = labelled.map(({ label: name, count, examples }): [string, SavedClass] => {
    const positions = Array.from({ length: count }, (_, index) => end + index)
    end += count
    const ofClass = chooseImages(fields as EmbeddedImages, positions)
    return [name, examples ? { images: ofClass, examples } : namelessClass(ofClass)]
  })
  return { model, ...known({ weights, card, recipe, head, features }), classes: new Map(classes) }
}

/** Without what is not known: files and messages list what is there. */
function known<Facts extends object>(facts: Facts): { [Key in keyof Facts]: Exclude<Facts[Key], undefined> } {
  const some = Object.entries(facts).filter(([, value]) => value !== undefined)
  return Object.fromEntries(some) as { [Key in keyof Facts]: Exclude<Facts[Key], undefined> }
}

/** What is said of parts of saved classes that contradict each other. */
export function unfitting(file: string): InputError {
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
