import { areFinite, InputError, tf } from '@m2l/engine'
import type { Embedding, EmbeddingField } from '@m2l/metric'
import type { EpisodeImages } from '../images/episode-images.js'
import {
  imagesPerBatch,
  prefetch,
  type EmbeddedField,
  type EmbeddedImages,
  type ImageNetwork,
  type ImageView,
} from '@m2l/model'
import { fromImageKey } from '../images/image-key.js'
import type { RowStore } from './row-store.js'

/** How many images pass the backbone at once while a table is filled, at most. */
const mostImages = { withParts: 16, withoutParts: 128 }

/** What a table of embeddings is made of. */
export interface TableSource {
  readonly network: ImageNetwork
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
export async function rowShapes({ network, images, keys, views }: TableSource): Promise<RowShapes> {
  const [first] = keys
  if (first === undefined) return {}
  const embedded = await network.embed(await images.load([images.record(...fromImageKey(first))], views))
  return Object.fromEntries(fieldsOf(embedded).map(([field, { shape }]) => [field, shape.slice(1)]))
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
    { network, images, keys, views }: TableSource,
    shapes: RowShapes,
    stores: ReadonlyMap<EmbeddingField, RowStore>,
    { onDone, signal }: { onDone: (images: number) => void; signal?: AbortSignal | undefined },
  ): Promise<EmbeddingTable> {
    let done = 0
    const load = (some: readonly number[]) =>
      images.load(
        some.map((key) => images.record(...fromImageKey(key))),
        views,
      )
    const size = imagesPerBatch(views, images.transforms, mostImages)
    for await (const [some, rendered] of prefetch(slices(keys, size), load)) {
      signal?.throwIfAborted()
      for (const [field, { data }] of fieldsOf(await network.embed(rendered))) {
        if (!areFinite(data)) throw notFinite(field, data, { images, some })
        await stores.get(field)!.append(data)
      }
      done += some.length
      onDone(done)
    }
    return new EmbeddingTable(shapes, stores, keys)
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

function fieldsOf(embedded: EmbeddedImages): [EmbeddingField, EmbeddedField][] {
  return Object.entries(embedded) as [EmbeddingField, EmbeddedField][]
}

function* slices<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}
