import { tf } from '@m2l/engine'
import type { Embedding, EmbeddingField } from '@m2l/metric'

/** A field of the embeddings of some images, as plain numbers. */
export interface EmbeddedField {
  /** [images, …] */
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** The embeddings of some images as plain numbers, which nobody has to free. */
export type EmbeddedImages = Readonly<Partial<Record<EmbeddingField, EmbeddedField>>>

/** The numbers of an embedding, whose tensors stay the caller's. */
export async function embeddedImages({ map, parts }: Embedding): Promise<EmbeddedImages> {
  const read = async (tensor: tf.Tensor): Promise<EmbeddedField> => ({
    shape: tensor.shape,
    data: (await tensor.data()) as Float32Array,
  })
  return { ...(map && { map: await read(map) }), ...(parts && { parts: await read(parts) }) }
}

/** The same as tensors, which are the caller's. */
export function embeddingOf({ map, parts }: EmbeddedImages): Embedding {
  return {
    ...(map && { map: tf.tensor(map.data, [...map.shape] as [number, number, number, number]) }),
    ...(parts && { parts: tf.tensor(parts.data, [...parts.shape] as [number, number, number]) }),
  }
}

/** The number of images. */
export function imageCount({ map, parts }: EmbeddedImages): number {
  return (map ?? parts)?.shape[0] ?? 0
}

/** Images one after the other. */
export function joinImages(some: readonly EmbeddedImages[]): EmbeddedImages {
  return mapFields(some[0] ?? {}, (field) => {
    const fields = some.map((images) => images[field]!)
    const data = new Float32Array(fields.reduce((sum, { data: { length } }) => sum + length, 0))
    let end = 0
    for (const { data: values } of fields) {
      data.set(values, end)
      end += values.length
    }
    const count = fields.reduce((sum, { shape }) => sum + shape[0]!, 0)
    return { shape: [count, ...fields[0]!.shape.slice(1)], data }
  })
}

/** The images at some positions, in their order. */
export function chooseImages(images: EmbeddedImages, positions: readonly number[]): EmbeddedImages {
  return mapFields(images, (field) => {
    const { shape, data } = images[field]!
    const width = shape.slice(1).reduce((product, side) => product * side, 1)
    const chosen = new Float32Array(positions.length * width)
    positions.forEach((position, index) =>
      chosen.set(data.subarray(position * width, (position + 1) * width), index * width),
    )
    return { shape: [positions.length, ...shape.slice(1)], data: chosen }
  })
}

/** Beyond it, numbers were not finite on their way: max pooling takes NaN for the lowest number that there is. */
const largest = 1e30

/** The positions of images whose embeddings are not all finite numbers. */
export function notFinite(images: EmbeddedImages): number[] {
  const count = imageCount(images)
  const bad = new Set<number>()
  for (const { data } of Object.values(images)) {
    const width = data.length / count
    for (const [index, value] of data.entries()) {
      if (!(Math.abs(value) < largest)) bad.add(Math.floor(index / width))
    }
  }
  return [...bad].toSorted((a, b) => a - b)
}

/** Frees the tensors of an embedding. */
export function disposeEmbedding({ map, parts }: Embedding): void {
  tf.dispose([map, parts])
}

function mapFields(images: EmbeddedImages, change: (field: EmbeddingField) => EmbeddedField): EmbeddedImages {
  const fields = Object.keys(images) as EmbeddingField[]
  return Object.fromEntries(fields.map((field) => [field, change(field)]))
}
