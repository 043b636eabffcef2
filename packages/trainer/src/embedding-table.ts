import { areFinite, InputError, tf } from '@m2l/engine'
import type { Embedding, EmbeddingField } from '@m2l/metric'
import { embeddingGraph, type OnEager } from './embedding-graph.js'
import type { EpisodeImages } from './episode-images.js'
import type { FewShotModel } from './few-shot-model.js'
import type { ImageView } from './forward-encoding.js'
import { fromImageKey } from './image-key.js'
import { disposeImages } from './image-tensors.js'
import { prefetch } from './prefetch.js'
import type { RowStore } from './row-store.js'

/** How many images pass the backbone at once while a table is filled, each with all its parts or without any. */
const imagesPerBatch = { withParts: 16, withoutParts: 128 }

/** What a table of embeddings is made of. */
export interface TableSource {
  readonly model: FewShotModel
  readonly images: EpisodeImages
  /** The images, each once. */
  readonly keys: readonly number[]
  /** The views of them that are embedded. */
  readonly views: readonly ImageView[]
}

/** The shape of one image's embedding, by field. */
export type RowShapes = Readonly<Partial<Record<EmbeddingField, readonly number[]>>>

/** The numbers of a field of one image's embedding. */
export function widthOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1)
}

/** Embeds one image to learn the shapes; nothing where there is none. */
export async function rowShapes({ model, images, keys, views }: TableSource): Promise<RowShapes> {
  const [first] = keys
  if (first === undefined) return {}
  const rendered = await images.load([images.record(...fromImageKey(first))], views)
  const tensors = images.tensors(rendered)
  const shapes = tf.tidy(() => {
    const embedding = model.embed(tensors, { training: false })
    return Object.fromEntries(fieldsOf(embedding).map(([field, { shape }]) => [field, shape.slice(1)]))
  })
  disposeImages(tensors, rendered)
  return shapes
}

/** The embeddings of some images, in stores of rows that its maker opens and closes. */
export class EmbeddingTable {
  readonly #shapes: RowShapes
  readonly #stores: ReadonlyMap<EmbeddingField, RowStore>
  readonly #rowOf: ReadonlyMap<number, number>

  private constructor(
    shapes: RowShapes,
    stores: ReadonlyMap<EmbeddingField, RowStore>,
    keys: readonly number[],
  ) {
    this.#shapes = shapes
    this.#stores = stores
    this.#rowOf = new Map(keys.map((key, row) => [key, row]))
  }

  /** Embeds images into empty stores, one for each field. */
  static async fill(
    { model, images, keys, views }: TableSource,
    shapes: RowShapes,
    stores: ReadonlyMap<EmbeddingField, RowStore>,
    {
      onDone,
      onEager,
      signal,
    }: { onDone: (images: number) => void; onEager?: OnEager; signal?: AbortSignal | undefined },
  ): Promise<EmbeddingTable> {
    const embed = embeddingGraph(model, onEager)
    let done = 0
    try {
      const load = (some: readonly number[]) =>
        images.load(
          some.map((key) => images.record(...fromImageKey(key))),
          views,
        )
      const size = views.includes('parts') ? imagesPerBatch.withParts : imagesPerBatch.withoutParts
      for await (const [some, rendered] of prefetch(slices(keys, size), load)) {
        signal?.throwIfAborted()
        const tensors = images.tensors(rendered)
        const embedding = embed(tensors)
        disposeImages(tensors, rendered)
        try {
          for (const [field, values] of fieldsOf(embedding)) {
            const numbers = (await values.data()) as Float32Array
            if (!areFinite(numbers)) throw notFinite(field, numbers, { images, some })
            await stores.get(field)!.append(numbers)
          }
        } finally {
          tf.dispose([embedding.map, embedding.parts])
        }
        done += some.length
        onDone(done)
      }
      return new EmbeddingTable(shapes, stores, keys)
    } finally {
      embed.dispose()
    }
  }

  /**
   * The embeddings of the images of these keys, in their order.
   *
   * @param scratch memory of their numbers: the tensors are good until it is used again
   */
  gather(keys: readonly number[], scratch: Scratch): Embedding {
    const fields = [...this.#stores].map(([field, store]) => {
      const shape = this.#shapes[field]!
      const width = widthOf(shape)
      const values = scratch.take(field, keys.length * width)
      for (const [index, key] of keys.entries()) {
        store.read(this.#rowOf.get(key)!, values, index * width)
      }
      return [field, tf.tensor(values, [keys.length, ...shape], 'float32')] as const
    })
    return Object.fromEntries(fields)
  }
}

/** Memory that is used again and again: to have it new for every batch takes longer than to fill it. */
export class Scratch {
  readonly #buffers = new Map<EmbeddingField, Float32Array>()

  /** So many numbers of a field, whatever they are. */
  take(field: EmbeddingField, size: number): Float32Array {
    const kept = this.#buffers.get(field)
    if (kept && kept.length >= size) return kept.subarray(0, size)
    const buffer = new Float32Array(size)
    this.#buffers.set(field, buffer)
    return buffer
  }
}

function notFinite(
  field: EmbeddingField,
  numbers: Float32Array,
  { images, some }: Pick<TableSource, 'images'> & { readonly some: readonly number[] },
): InputError {
  const first = numbers.findIndex((value) => !Number.isFinite(value))
  const { id } = images.record(...fromImageKey(some[Math.floor((first / numbers.length) * some.length)]!))
  return new InputError(
    `${id}: its features (${field}) are not finite; the weights are damaged, or were trained with another normalisation`,
  )
}

function fieldsOf({ map, parts }: Embedding): [EmbeddingField, tf.Tensor][] {
  return [...(map ? [['map', map] as const] : []), ...(parts ? [['parts', parts] as const] : [])].map(
    ([field, values]) => [field, values as tf.Tensor],
  )
}

function* slices<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}
