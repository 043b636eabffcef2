import { tf } from '@m2l/engine'
import type { Embedding, Support } from '@m2l/metric'
import type { Episode } from '@m2l/samplers'
import { embeddingGraph } from './embedding-graph.js'
import { disposeImages, type EpisodeImages } from './episode-images.js'
import type { FewShotModel } from './few-shot-model.js'
import type { ImageView } from './forward-encoding.js'
import { prefetch } from './prefetch.js'
import { ProgressMeter, type OnProgress } from './progress.js'

/** How many images pass the backbone at once while a bank is built, each with all its parts or without any. */
const imagesPerBatch = { withParts: 16, withoutParts: 128 }

/**
 * The embedding of every image that some episodes use, computed once.
 *
 * In evaluation transforms are fixed and batch norms use running statistics, so an image's embedding is the same in
 * every episode that it is part of.
 */
export class FeatureBank {
  readonly #labelled: EmbeddingTable
  readonly #unlabelled: EmbeddingTable

  private constructor(labelled: EmbeddingTable, unlabelled: EmbeddingTable) {
    this.#labelled = labelled
    this.#unlabelled = unlabelled
  }

  /** Embeds the images of the episodes, in the order of classes and images; unlabelled ones after the others. */
  static async build(options: {
    model: FewShotModel
    images: EpisodeImages
    episodes: readonly Episode[]
    onProgress?: OnProgress
    signal?: AbortSignal
  }): Promise<FeatureBank> {
    const { model, episodes, onProgress } = options
    const { views, viewsOfUnlabelled } = model
    const labelled = distinct(
      episodes.flatMap((episode) => [...keysOf(episode, 'support'), ...keysOf(episode, 'query')]),
    )
    const unlabelled = distinct(episodes.flatMap(unlabelledKeys))
    const total = labelled.length + unlabelled.length
    const meter = new ProgressMeter(onProgress, { phase: 'embed', total, unit: 'images' })
    const table = await embeddingTable({
      ...options,
      keys: labelled,
      views,
      onDone: (done) => meter.update(done),
    })
    try {
      const onDone = (done: number) => meter.update(labelled.length + done)
      const ofUnlabelled = await embeddingTable({
        ...options,
        keys: unlabelled,
        views: viewsOfUnlabelled,
        onDone,
      })
      return new FeatureBank(table, ofUnlabelled)
    } catch (error) {
      disposeTable(table)
      throw error
    }
  }

  /** The embeddings of an episode's support images in the order of its classes, and of its unlabelled images. */
  support(episode: Episode): Support {
    return {
      ...gather(this.#labelled, keysOf(episode, 'support')),
      shots: episode.support.map((ofClass) => ofClass.length),
      ...(episode.unlabelled && { unlabelled: gather(this.#unlabelled, unlabelledKeys(episode)) }),
    }
  }

  /** The embeddings of an episode's queries, in the order of its classes. */
  query(episode: Episode): Embedding {
    return gather(this.#labelled, keysOf(episode, 'query'))
  }

  dispose(): void {
    disposeTable(this.#labelled)
    disposeTable(this.#unlabelled)
  }
}

/** The embeddings of some images, and the row of each image by its key. */
interface EmbeddingTable {
  readonly embedding: Embedding
  readonly rowOf: ReadonlyMap<number, number>
}

async function embeddingTable(options: {
  model: FewShotModel
  images: EpisodeImages
  keys: readonly number[]
  views: readonly ImageView[]
  onDone: (images: number) => void
  signal?: AbortSignal
}): Promise<EmbeddingTable> {
  const { model, images, keys, views, onDone, signal } = options
  const embed = embeddingGraph(model)
  const chunks: Embedding[] = []
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
      chunks.push(embed(tensors))
      disposeImages(tensors, rendered)
      done += some.length
      onDone(done)
    }
    return { embedding: concatenate(chunks), rowOf: new Map(keys.map((key, row) => [key, row])) }
  } finally {
    for (const { map, parts } of chunks) tf.dispose([map, parts])
    embed.dispose()
  }
}

function gather({ embedding: { map, parts }, rowOf }: EmbeddingTable, keys: readonly number[]): Embedding {
  return tf.tidy(() => {
    const indices = tf.tensor1d(
      keys.map((key) => rowOf.get(key)!),
      'int32',
    )
    return {
      ...(map && { map: tf.gather(map, indices) }),
      ...(parts && { parts: tf.gather(parts, indices) }),
    }
  })
}

function disposeTable({ embedding: { map, parts } }: EmbeddingTable): void {
  tf.dispose([map, parts])
}

/** Images of one class are numbered below this. */
const imagesPerClassLimit = 2 ** 26

function imageKey(classIndex: number, image: number): number {
  return classIndex * imagesPerClassLimit + image
}

function fromImageKey(key: number): [classIndex: number, image: number] {
  return [Math.floor(key / imagesPerClassLimit), key % imagesPerClassLimit]
}

/** The keys of an episode's support or query images, in the order of its classes. */
function keysOf(episode: Episode, role: 'support' | 'query'): number[] {
  return episode[role].flatMap((ofClass, label) =>
    ofClass.map((image) => imageKey(episode.classes[label]!, image)),
  )
}

function unlabelledKeys({ unlabelled = [] }: Episode): number[] {
  return unlabelled.map((image) => imageKey(...image))
}

/** Each key once, in ascending order. */
function distinct(keys: readonly number[]): number[] {
  return [...new Set(keys)].sort((a, b) => a - b)
}

function* slices<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}

function concatenate(chunks: readonly Embedding[]): Embedding {
  const maps = chunks.flatMap(({ map }) => (map ? [map] : []))
  const parts = chunks.flatMap((chunk) => (chunk.parts ? [chunk.parts] : []))
  return {
    ...(maps.length > 0 && { map: tf.concat(maps, 0) }),
    ...(parts.length > 0 && { parts: tf.concat(parts, 0) }),
  }
}
