import { span, tf } from '@m2l/engine'
import type { Episode } from '@m2l/samplers'
import { episodeSeenBy } from '../images/episode-images.js'
import { embeddingOf, networkOf, nextTurn, prefetch } from '@m2l/model'
import { episodeBatches, labelsOf } from './episode-batches.js'
import type { EpisodeFeatures, EvaluationOptions, FeatureEvaluationOptions } from './evaluation-options.js'
import { FeatureBank, type BankOptions, type BankSize } from './feature-bank.js'
import { measureGraph, type MeasureGraph } from './measure-graph.js'

/** The most episodes from a bank that are measured at once, and the most bytes that their embeddings take. */
const batchLimit = { episodes: 5, bytes: 32 * 2 ** 20 }

/** What a {@link MeasureGraph} gives for some episodes, and where these are among all. */
export interface MeasuredBatch {
  readonly measured: tf.Tensor2D
  readonly positions: readonly number[]
}

export function disposeAll(batches: readonly MeasuredBatch[]): void {
  tf.dispose(batches.map(({ measured }) => measured))
}

/** Measures the episodes of an evaluation, batch by batch; whoever takes a batch disposes it. */
export async function* measuredBatches(
  options: (EvaluationOptions | FeatureEvaluationOptions) & Required<Pick<BankOptions, 'onBank'>>,
): AsyncGenerator<MeasuredBatch> {
  const measure = measureGraph(options.model, options.onEager)
  try {
    if ('features' in options) {
      options.onBank(options.features.size)
      yield* batchesOf(options.features, options.episodes, measure)
    } else {
      const { model } = options
      const episodes = options.episodes.map((episode) => episodeSeenBy(model, episode))
      const batches = (options.bank ?? true) ? bankedBatches : separateEpisodes
      yield* batches({ ...options, episodes }, measure)
    }
  } finally {
    measure.dispose()
  }
}

/** Every image is embedded once. */
async function* bankedBatches(
  options: EvaluationOptions,
  measure: MeasureGraph,
): AsyncGenerator<MeasuredBatch> {
  const bank = await span('embed bank', () => FeatureBank.build(options))
  try {
    yield* batchesOf(bank, options.episodes, measure)
  } finally {
    await bank.dispose()
  }
}

/** Episodes of one layout are measured together. */
async function* batchesOf(
  features: EpisodeFeatures,
  episodes: readonly Episode[],
  measure: MeasureGraph,
): AsyncGenerator<MeasuredBatch> {
  for (const batch of episodeBatches(episodes, episodesPerBatch(episodes, features.size))) {
    const measured = tf.tidy(() => {
      const labels = tf.tensor1d(labelsOf(batch.episodes[0]!), 'int32')
      return measure(features.embeddings(batch.episodes), labels)
    })
    yield { measured, positions: batch.positions }
    await nextTurn() // for signals and timers
  }
}

/** How many episodes are measured at once. */
function episodesPerBatch(episodes: readonly Episode[], { bytes, images }: BankSize): number {
  const imagesOf = ({ support, query, unlabelled = [] }: Episode) =>
    [...support, ...query, unlabelled].reduce((sum, { length }) => sum + length, 0)
  const largest = episodes.reduce((most, episode) => Math.max(most, imagesOf(episode)), 0)
  const fitting = Math.floor(batchLimit.bytes / ((largest * bytes) / images))
  return Math.min(batchLimit.episodes, Math.max(1, fitting))
}

/** Every episode embeds its images anew. */
async function* separateEpisodes(
  { model, images, episodes, onEager }: EvaluationOptions,
  measure: MeasureGraph,
): AsyncGenerator<MeasuredBatch> {
  const network = networkOf(model, onEager)
  try {
    let position = 0
    for await (const [, rendered] of prefetch(episodes, (episode) => images.loadEpisode(episode, model))) {
      const { support, shots, query, unlabelled, labels } = rendered
      const embedded = {
        support: await network.embed(support),
        query: await network.embed(query),
        unlabelled: unlabelled && (await network.embed(unlabelled)),
      }
      const measured = tf.tidy(() => {
        const ofUnlabelled = embedded.unlabelled && { unlabelled: embeddingOf(embedded.unlabelled) }
        return measure(
          {
            episodes: 1,
            support: { ...embeddingOf(embedded.support), shots, ...ofUnlabelled },
            query: embeddingOf(embedded.query),
          },
          tf.tensor1d([...labels], 'int32'),
        )
      })
      yield { measured, positions: [position++] }
    }
  } finally {
    network.dispose()
  }
}
