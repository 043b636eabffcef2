import { tf } from '@m2l/engine'
import type { Embedding } from '@m2l/metric'
import type { Episode } from '@m2l/samplers'
import type { EpisodeImages, ImageTensors } from './episode-images.js'
import type { FewShotModel } from './few-shot-model.js'
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
  readonly #embedding: Embedding
  readonly #rowOf: ReadonlyMap<number, number>

  private constructor(embedding: Embedding, rowOf: ReadonlyMap<number, number>) {
    this.#embedding = embedding
    this.#rowOf = rowOf
  }

  /** Embeds the images of the episodes, in the order of classes and images. */
  static async build(options: {
    model: FewShotModel
    images: EpisodeImages
    episodes: readonly Episode[]
    onProgress?: OnProgress
    signal?: AbortSignal
  }): Promise<FeatureBank> {
    const { model, images, episodes, onProgress, signal } = options
    const used = [...new Set(episodes.flatMap(imageKeys))].sort((a, b) => a - b)
    const meter = new ProgressMeter(onProgress, { phase: 'embed', total: used.length, unit: 'images' })
    const chunks: Embedding[] = []
    let done = 0
    try {
      const decode = (keys: readonly number[]) =>
        images.dataset.readMany(keys.map((key) => images.record(...fromImageKey(key))))
      const { views } = model
      const size = views.includes('parts') ? imagesPerBatch.withParts : imagesPerBatch.withoutParts
      for await (const [keys, pictures] of prefetch(slices(used, size), decode)) {
        signal?.throwIfAborted()
        chunks.push(embedded(model, images.render(pictures, views)))
        done += keys.length
        meter.update(done)
      }
      const embedding = concatenate(chunks)
      return new FeatureBank(embedding, new Map(used.map((key, row) => [key, row])))
    } finally {
      for (const { map, parts } of chunks) tf.dispose([map, parts])
    }
  }

  /** The embedding of some images of an episode, in the order of classes and images. */
  gather(episode: Episode, images: 'support' | 'query'): Embedding {
    const rows = episode[images].flatMap((ofClass, label) =>
      ofClass.map((image) => this.#rowOf.get(imageKey(episode.classes[label]!, image))!),
    )
    return tf.tidy(() => {
      const indices = tf.tensor1d(rows, 'int32')
      const { map, parts } = this.#embedding
      return {
        ...(map && { map: tf.gather(map, indices) }),
        ...(parts && { parts: tf.gather(parts, indices) }),
      }
    })
  }

  dispose(): void {
    tf.dispose([this.#embedding.map, this.#embedding.parts])
  }
}

/** Images of one class are numbered below this. */
const imagesPerClassLimit = 2 ** 26

function imageKey(classIndex: number, image: number): number {
  return classIndex * imagesPerClassLimit + image
}

function fromImageKey(key: number): [classIndex: number, image: number] {
  return [Math.floor(key / imagesPerClassLimit), key % imagesPerClassLimit]
}

function imageKeys(episode: Episode): number[] {
  return [episode.support, episode.query].flatMap((images) =>
    images.flatMap((ofClass, label) => ofClass.map((image) => imageKey(episode.classes[label]!, image))),
  )
}

function* slices<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}

function embedded(model: FewShotModel, images: ImageTensors): Embedding {
  const embedding = model.embed(images, { training: false })
  tf.dispose([images.whole, images.parts])
  return embedding
}

function concatenate(chunks: readonly Embedding[]): Embedding {
  const maps = chunks.flatMap(({ map }) => (map ? [map] : []))
  const parts = chunks.flatMap((chunk) => (chunk.parts ? [chunk.parts] : []))
  return {
    ...(maps.length > 0 && { map: tf.concat(maps, 0) }),
    ...(parts.length > 0 && { parts: tf.concat(parts, 0) }),
  }
}
