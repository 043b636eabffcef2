import { InputError, span, tf } from '@m2l/engine'
import type { Episode } from '@m2l/samplers'
import type { OnEager } from '../model/embedding-graph.js'
import { episodeBatches, labelsOf } from './episode-batches.js'
import { episodeSeenBy, type EpisodeImages } from '../images/episode-images.js'
import { taskOf } from './episode-task.js'
import { networkOf, type EvaluatedModel } from '../model/evaluated-model.js'
import { FeatureBank, type BankOptions, type BankSize } from './feature-bank.js'
import { embeddingOf } from '../model/image-network.js'
import { interval95, type Interval } from '../statistics/interval.js'
import { measureGraph, type MeasureGraph } from './measure-graph.js'
import { prefetch } from '../images/prefetch.js'
import { ProgressMeter, type OnProgress, type Phase } from '../run/progress.js'

/** What every evaluation takes. */
interface CommonOptions {
  readonly episodes: readonly Episode[]
  readonly phase?: Extract<Phase, 'validate' | 'test'>
  readonly onProgress?: OnProgress
  /** See `GraphFunctionOptions` of `@m2l/engine`. */
  readonly onEager?: OnEager
  readonly signal?: AbortSignal
}

export interface EvaluationOptions extends CommonOptions, BankOptions {
  readonly model: EvaluatedModel
  readonly images: EpisodeImages
  /**
   * Whether to embed every image once (the default) or anew in each episode. The accuracies are the same; the bank is
   * much faster, but keeps the embeddings of all images of the episodes, in memory or on disk.
   */
  readonly bank?: boolean
}

/** Embeddings of the images of episodes that are there already. */
export type EpisodeFeatures = Pick<FeatureBank, 'size' | 'embeddings'>

/** An evaluation of levels alone, on embeddings that are there already. */
export interface FeatureEvaluationOptions extends CommonOptions {
  readonly model: Pick<EvaluatedModel, 'metric'>
  readonly features: EpisodeFeatures
}

/** What an evaluation measured, in plain numbers and lists, as JSON has them. */
export interface Evaluation {
  readonly episodes: number
  /** The accuracy of the fused prediction over the episodes, in fractions of 1. */
  readonly fused: Interval
  /** The same for each level alone. */
  readonly levels: Readonly<Record<string, Interval>>
  /** The mean training loss over the episodes. */
  readonly loss: number
  /** The training loss of each episode. */
  readonly losses: readonly number[]
  /** The accuracies of each episode: of the fused prediction and of each level. */
  readonly perEpisode: {
    readonly fused: readonly number[]
    readonly levels: Readonly<Record<string, readonly number[]>>
  }
  /** The same for what was predicted: for each episode its queries' predicted ways, counted from 0. */
  readonly predictions: {
    readonly fused: readonly (readonly number[])[]
    readonly levels: Readonly<Record<string, readonly (readonly number[])[]>>
  }
  /** The probability that was given to each of these ways, from 0 to 1; of the fusion their weighted mean. */
  readonly confidences: {
    readonly fused: readonly (readonly number[])[]
    readonly levels: Readonly<Record<string, readonly (readonly number[])[]>>
  }
  /** The feature bank, where there was one. */
  readonly bank?: BankSize
  readonly seconds: number
}

/** What was measured waits on the engine until so many episodes are computed. */
const episodesPerRead = 50

/** Episodes from a bank are measured so many at once, or fewer where their embeddings take more than so many bytes. */
const batchLimit = { episodes: 5, bytes: 32 * 2 ** 20 }

/**
 * The accuracy of a model over episodes, fused and for each level alone. An episode's accuracy is the fraction of its
 * queries whose highest score is that of their class.
 *
 * @throws {InputError} when a level is not ready, features of a picture or scores of a level are not finite, or the feature bank is too large for memory and cannot be kept on disk
 * @throws {Error} the signal's reason when it is aborted
 */
export async function evaluate(options: EvaluationOptions | FeatureEvaluationOptions): Promise<Evaluation> {
  const { model, episodes, phase = 'test', onProgress, signal } = options
  if (episodes.length === 0) throw new RangeError('an evaluation needs at least one episode')
  model.metric.requireReady()
  const start = performance.now()
  const meter = new ProgressMeter(onProgress, {
    phase,
    total: episodes.length,
    unit: 'episodes',
    chance: 1 / taskOf(episodes[0]!).ways,
  })
  const names = model.metric.levels.map(({ level }) => level.name)
  const columns = Array.from({ length: names.length + 1 }, () => new PredictionColumn(episodes)) // fused, then each level
  const losses = new Array<number>(episodes.length).fill(0)
  let bank: BankSize | undefined
  let waiting: MeasuredBatch[] = []
  let done = 0
  let sums = { loss: 0, accuracy: 0 }
  const read = async () => {
    if (waiting.length === 0) return
    const joined = tf.tidy(() => tf.concat(waiting.map(({ measured }) => measured.reshape([-1]))))
    const positions = waiting.flatMap((batch) => batch.positions)
    disposeAll(waiting)
    waiting = []
    const values = await span('read back', () => joined.data())
    joined.dispose()
    let offset = 0
    for (const position of positions) {
      losses[position] = values[offset++]!
      const wrong = names.filter(() => values[offset++] !== 1)
      if (wrong.length > 0) throw scoresNotFinite(wrong, position)
      for (const column of columns) offset += column.add(position, values, offset)
      sums = {
        loss: sums.loss + losses[position]!,
        accuracy: sums.accuracy + columns[0]!.accuracies[position]!,
      }
    }
    done += positions.length
    meter.update(done, { loss: sums.loss / done, accuracy: sums.accuracy / done })
  }
  const onBank = (size: BankSize) => {
    bank = size
    if (!('features' in options)) options.onBank?.(size)
  }
  try {
    let unread = 0
    for await (const batch of measuredBatches({ ...options, onBank })) {
      waiting.push(batch)
      unread += batch.positions.length
      if (unread >= episodesPerRead) {
        await read()
        unread = 0
      }
      signal?.throwIfAborted()
    }
    await read()
  } finally {
    disposeAll(waiting)
  }
  const [fused, ...levels] = columns as [PredictionColumn, ...PredictionColumn[]]
  const byName = <Value>(value: (column: PredictionColumn) => Value) =>
    Object.fromEntries(names.map((name, index) => [name, value(levels[index]!)]))
  return {
    episodes: episodes.length,
    fused: interval95(fused.accuracies),
    levels: byName(({ accuracies }) => interval95(accuracies)),
    loss: losses.reduce((sum, loss) => sum + loss, 0) / episodes.length,
    losses,
    perEpisode: { fused: fused.accuracies, levels: byName(({ accuracies }) => accuracies) },
    predictions: { fused: fused.predicted, levels: byName(({ predicted }) => predicted) },
    confidences: { fused: fused.confidences, levels: byName(({ confidences }) => confidences) },
    ...(bank && { bank }),
    seconds: (performance.now() - start) / 1000,
  }
}

function scoresNotFinite(levels: readonly string[], episode: number): InputError {
  return new InputError(
    `episode ${episode}: the scores of level ${levels.join(' and ')} are not finite; the weights are damaged, or the level divides by zero`,
  )
}

/** What the fusion or a level predicted in each episode, how sure it was, and how much of it is right. */
class PredictionColumn {
  readonly predicted: number[][]
  readonly confidences: number[][]
  readonly accuracies: number[]
  readonly #episodes: readonly Episode[]

  constructor(episodes: readonly Episode[]) {
    this.#episodes = episodes
    this.predicted = Array.from(episodes, () => [])
    this.confidences = Array.from(episodes, () => [])
    this.accuracies = new Array<number>(episodes.length).fill(0)
  }

  /** Takes the ways predicted for an episode and their probabilities from `offset` on; @returns how many numbers they are */
  add(position: number, values: ArrayLike<number>, offset: number): number {
    const labels = labelsOf(this.#episodes[position]!)
    const predicted = Array.from(labels, (_, query) => values[offset + query]!)
    this.predicted[position] = predicted
    this.confidences[position] = Array.from(labels, (_, query) => values[offset + labels.length + query]!)
    this.accuracies[position] =
      labels.filter((label, query) => label === predicted[query]).length / labels.length
    return 2 * labels.length
  }
}

/** What a {@link MeasureGraph} gives for some episodes, and where these are among all. */
interface MeasuredBatch {
  readonly measured: tf.Tensor2D
  readonly positions: readonly number[]
}

function disposeAll(batches: readonly MeasuredBatch[]): void {
  tf.dispose(batches.map(({ measured }) => measured))
}

async function* measuredBatches(
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
    await yieldToEventLoop()
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

/**
 * The fraction of queries whose highest score is that of their class.
 *
 * @param scores [queries, ways]
 * @param labels [queries], int32
 * @returns a scalar
 */
export function accuracy(scores: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.cast(tf.equal(tf.argMax(scores, 1), labels), 'float32'))) as tf.Scalar
}

/** Lets signals and timers be handled between computations, which block the thread. */
function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
