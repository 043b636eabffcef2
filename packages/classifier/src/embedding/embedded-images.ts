import type { EmbeddingField } from '@m2l/metric'
import type { EmbeddedField, EmbeddedImages } from '@m2l/model'

export { disposeEmbedding } from '@m2l/metric'
export { embeddingOf, type EmbeddedImages } from '@m2l/model'

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

/**
 * Beyond it, numbers were not finite on their way: max pooling takes NaN for the lowest number that there is.
 */
const largest = 1e30

/** The positions of images whose embeddings are not all finite numbers. */
export function notFinite(images: EmbeddedImages): number[] {
  const count = imageCount(images)
  const bad = new Set<number>()
  for (const { data } of Object.values(images)) {
    const width = data.length / count
    for (let index = 0; index < data.length; index++) {
      if (!(Math.abs(data[index]!) < largest)) bad.add(Math.floor(index / width))
    }
  }
  return [...bad].toSorted((a, b) => a - b)
}

function mapFields(images: EmbeddedImages, change: (field: EmbeddingField) => EmbeddedField): EmbeddedImages {
  const fields = Object.keys(images) as EmbeddingField[]
  return Object.fromEntries(fields.map((field) => [field, change(field)]))
}
