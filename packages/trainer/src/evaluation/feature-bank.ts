import type { EmbeddingField } from '@m2l/metric'
import type { Episode } from '@m2l/samplers'
import {
  EmbeddingTable,
  rowShapes,
  Scratch,
  widthOf,
  type RowShapes,
  type TableSource,
} from './embedding-table.js'
import { networkOf, type EvaluatedModel, type ImageNetwork, type OnEager } from '@m2l/model'
import type { EpisodeImages } from '../images/episode-images.js'
import { distinct, labelledKeys, unlabelledKeys } from '../images/image-key.js'
import type { EpisodeEmbeddings } from './measure-graph.js'
import { ProgressMeter, type OnProgress } from '../run/progress.js'
import { FileRows, MemoryRows, type RowStore } from './row-store.js'

/** How large a feature bank is and where it is kept. */
export interface BankSize {
  readonly images: number
  readonly bytes: number
  readonly place: 'memory' | 'disk'
}

/** Where a feature bank may be kept. */
export interface BankOptions {
  /**
   * The most memory that its embeddings may take, in MiB; half of what is free if not given. A bank that
   * needs more is kept on disk.
   */
  readonly bankMib?: number
  /** The folder of a bank that is kept on disk; that of the system for temporary files if not given. */
  readonly bankFolder?: string
  /** Told how large the bank will be, before it is built. */
  readonly onBank?: (size: BankSize) => void
}

/**
 * The embedding of every image that some episodes use, computed once.
 *
 * In evaluation transforms are fixed and batch norms use running statistics, so an image's embedding is the
 * same in every episode that it is part of.
 */
export class FeatureBank {
  readonly size: BankSize
  readonly #labelled: EmbeddingTable
  readonly #unlabelled: EmbeddingTable
  readonly #stores: readonly RowStore[]
  readonly #scratch = { support: new Scratch(), query: new Scratch(), unlabelled: new Scratch() }

  private constructor(
    size: BankSize,
    labelled: EmbeddingTable,
    unlabelled: EmbeddingTable,
    stores: readonly RowStore[],
  ) {
    this.size = size
    this.#labelled = labelled
    this.#unlabelled = unlabelled
    this.#stores = stores
  }

  /**
   * Embeds the images of the episodes, in the order of classes and images; unlabelled ones after the others.
   *
   * @throws {InputError} when the bank is too large for the memory that it may take and cannot be kept on
   *   disk
   */
  static async build(
    options: BankOptions & {
      readonly model: EvaluatedModel
      readonly images: EpisodeImages
      readonly episodes: readonly Episode[]
      readonly onProgress?: OnProgress
      readonly onEager?: OnEager
      readonly signal?: AbortSignal
    },
  ): Promise<FeatureBank> {
    const network = networkOf(options.model, options.onEager)
    try {
      return await FeatureBank.#build(options, network)
    } finally {
      network.dispose()
    }
  }

  static async #build(
    options: Parameters<typeof FeatureBank.build>[0],
    network: ImageNetwork,
  ): Promise<FeatureBank> {
    const { model, images, episodes, onProgress, signal, bankFolder } = options
    const labelled: TableSource = {
      network,
      images,
      keys: distinct(
        episodes.flatMap((episode) => [
          ...labelledKeys(episode, 'support'),
          ...labelledKeys(episode, 'query'),
        ]),
      ),
      views: model.views,
    }
    const unlabelled: TableSource = {
      network,
      images,
      keys: distinct(episodes.flatMap(unlabelledKeys)),
      views: model.viewsOfUnlabelled,
    }
    const shapes = [await rowShapes(labelled), await rowShapes(unlabelled)] as const
    const bytes =
      labelled.keys.length * bytesOfRow(shapes[0]) + unlabelled.keys.length * bytesOfRow(shapes[1])
    const total = labelled.keys.length + unlabelled.keys.length
    const place = bytes <= memoryLimit(options) ? 'memory' : 'disk'
    const size: BankSize = { images: total, bytes, place }
    options.onBank?.(size)

    const meter = new ProgressMeter(onProgress, { phase: 'embed', total, unit: 'images' })
    const opened: RowStore[] = []
    const table = async (source: TableSource, rows: RowShapes, doneBefore: number) => {
      const stores = new Map<EmbeddingField, RowStore>()
      for (const [field, shape] of Object.entries(rows) as [EmbeddingField, readonly number[]][]) {
        const width = widthOf(shape)
        const store = place === 'memory' ? new MemoryRows(width) : await FileRows.create(width, bankFolder)
        stores.set(field, store)
        opened.push(store)
      }
      const onDone = (done: number) => meter.update(doneBefore + done)
      return EmbeddingTable.fill(source, rows, stores, { onDone, signal })
    }
    try {
      const ofLabelled = await table(labelled, shapes[0], 0)
      const ofUnlabelled = await table(unlabelled, shapes[1], labelled.keys.length)
      return new FeatureBank(size, ofLabelled, ofUnlabelled, opened)
    } catch (error) {
      await closeAll(opened)
      throw error
    }
  }

  /**
   * The embeddings of episodes of equal layout: of their support images and of their queries in the order of
   * their classes, and of their unlabelled images.
   *
   * @returns tensors of the caller, to be used before the next call
   */
  embeddings(episodes: readonly Episode[]): EpisodeEmbeddings {
    const [first] = episodes as [Episode]
    const labelled = (role: 'support' | 'query') => {
      const keys = episodes.flatMap((episode) => labelledKeys(episode, role))
      return this.#labelled.gather(keys, this.#scratch[role])
    }
    const unlabelled = () =>
      this.#unlabelled.gather(episodes.flatMap(unlabelledKeys), this.#scratch.unlabelled)
    return {
      episodes: episodes.length,
      support: {
        ...labelled('support'),
        shots: first.support.map((ofClass) => ofClass.length),
        ...(first.unlabelled && { unlabelled: unlabelled() }),
      },
      query: labelled('query'),
    }
  }

  dispose(): Promise<void> {
    return closeAll(this.#stores)
  }
}

function bytesOfRow(shapes: RowShapes): number {
  const numbers = Object.values(shapes).reduce((sum, shape) => sum + widthOf(shape), 0)
  return numbers * Float32Array.BYTES_PER_ELEMENT
}

function memoryLimit({ bankMib }: BankOptions): number {
  if (bankMib !== undefined) return bankMib * 2 ** 20
  return process.availableMemory() / 2
}

async function closeAll(stores: readonly RowStore[]): Promise<void> {
  for (const store of stores) await store.dispose()
}
