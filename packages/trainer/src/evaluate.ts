import { span, tf } from '@m2l/engine'
import type { Episode } from '@m2l/samplers'
import { embeddingGraph } from './embedding-graph.js'
import { disposeEpisode, episodeSeenBy, type EpisodeImages } from './episode-images.js'
import { FeatureBank } from './feature-bank.js'
import type { FewShotModel } from './few-shot-model.js'
import { interval95, type Interval } from './interval.js'
import { measureGraph, type MeasureGraph } from './measure-graph.js'
import { prefetch } from './prefetch.js'
import { ProgressMeter, type OnProgress, type Phase } from './progress.js'

export interface EvaluationOptions {
  readonly model: FewShotModel
  readonly images: EpisodeImages
  readonly episodes: readonly Episode[]
  /**
   * Whether to embed every image once (the default) or anew in each episode. The accuracies are the same; the bank is
   * faster, but holds the embeddings of all images of the episodes in memory.
   */
  readonly bank?: boolean
  readonly phase?: Extract<Phase, 'validate' | 'test'>
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

export interface Evaluation {
  readonly episodes: number
  /** The accuracy of the fused prediction over the episodes, in fractions of 1. */
  readonly fused: Interval
  /** The same for each level alone. */
  readonly levels: Readonly<Record<string, Interval>>
  /** The mean training loss over the episodes. */
  readonly loss: number
  /** The accuracies of each episode: of the fused prediction and of each level. */
  readonly perEpisode: {
    readonly fused: Float32Array
    readonly levels: Readonly<Record<string, Float32Array>>
  }
  /** The same for what was predicted: for each episode its queries' predicted ways, counted from 0. */
  readonly predictions: {
    readonly fused: readonly Uint16Array[]
    readonly levels: Readonly<Record<string, readonly Uint16Array[]>>
  }
  readonly seconds: number
}

/** What was measured waits on the engine until so many episodes are computed. */
const episodesPerRead = 50

/**
 * The accuracy of a model over episodes, fused and for each level alone. An episode's accuracy is the fraction of its
 * queries whose highest score is that of their class.
 *
 * @throws {Error} the signal's reason when it is aborted
 */
export async function evaluate(options: EvaluationOptions): Promise<Evaluation> {
  const { model, episodes, phase = 'test', onProgress, signal } = options
  if (episodes.length === 0) throw new RangeError('an evaluation needs at least one episode')
  const start = performance.now()
  const meter = new ProgressMeter(onProgress, { phase, total: episodes.length, unit: 'episodes' })
  const names = model.metric.levels.map(({ level }) => level.name)
  const columns = Array.from({ length: names.length + 1 }, () => new PredictionColumn()) // fused, then each level
  let lossSum = 0
  let waiting: tf.Tensor1D[] = []
  const read = async () => {
    if (waiting.length === 0) return
    const joined = tf.tidy(() => tf.concat(waiting))
    const sizes = waiting.map(({ size }) => size)
    tf.dispose(waiting)
    waiting = []
    const values = await span('read back', () => joined.data())
    joined.dispose()
    let offset = 0
    for (const size of sizes) {
      const [loss, ...predicted] = values.subarray(offset, offset + size)
      lossSum += loss!
      const episode = episodes[columns[0]!.accuracies.length]!
      const queries = (size - 1) / columns.length
      columns.forEach((column, index) =>
        column.add(predicted.slice(index * queries, (index + 1) * queries), labelsOf(episode)),
      )
      offset += size
    }
    const [{ accuracies }] = columns as [PredictionColumn]
    meter.update(accuracies.length, { loss: lossSum / accuracies.length, accuracy: mean(accuracies) })
  }
  try {
    for await (const measured of measuredEpisodes(options)) {
      waiting.push(measured)
      if (waiting.length >= episodesPerRead) await read()
      signal?.throwIfAborted()
    }
    await read()
  } finally {
    tf.dispose(waiting)
  }
  const [fused, ...levels] = columns as [PredictionColumn, ...PredictionColumn[]]
  const byName = <Value>(value: (column: PredictionColumn) => Value) =>
    Object.fromEntries(names.map((name, index) => [name, value(levels[index]!)]))
  return {
    episodes: episodes.length,
    fused: interval95(Float32Array.from(fused.accuracies)),
    levels: byName(({ accuracies }) => interval95(Float32Array.from(accuracies))),
    loss: lossSum / episodes.length,
    perEpisode: {
      fused: Float32Array.from(fused.accuracies),
      levels: byName(({ accuracies }) => Float32Array.from(accuracies)),
    },
    predictions: { fused: fused.predicted, levels: byName(({ predicted }) => predicted) },
    seconds: (performance.now() - start) / 1000,
  }
}

/** What the fusion or a level predicted in each episode, and how much of it is right. */
class PredictionColumn {
  readonly predicted: Uint16Array[] = []
  readonly accuracies: number[] = []

  add(predicted: readonly number[], labels: readonly number[]): void {
    this.predicted.push(Uint16Array.from(predicted))
    this.accuracies.push(mean(predicted.map((way, query) => Number(way === labels[query]))))
  }
}

function labelsOf({ query }: Episode): number[] {
  return query.flatMap((ofClass, label) => ofClass.map(() => label))
}

/** For each episode what a {@link MeasureGraph} gives. */
async function* measuredEpisodes(options: EvaluationOptions): AsyncGenerator<tf.Tensor1D> {
  const { model } = options
  const episodes = options.episodes.map((episode) => episodeSeenBy(model, episode))
  const measure = measureGraph(model)
  try {
    const embeddings = (options.bank ?? true) ? bankedEpisodes : separateEpisodes
    yield* embeddings({ ...options, episodes }, measure)
  } finally {
    measure.dispose()
  }
}

/** Every image is embedded once. */
async function* bankedEpisodes(
  options: EvaluationOptions,
  measure: MeasureGraph,
): AsyncGenerator<tf.Tensor1D> {
  const bank = await span('embed bank', () => FeatureBank.build(options))
  try {
    for (const episode of options.episodes) {
      yield tf.tidy(() => {
        const labels = tf.tensor1d(labelsOf(episode), 'int32')
        return measure(bank.support(episode), bank.query(episode), labels)
      })
      await yieldToEventLoop()
    }
  } finally {
    bank.dispose()
  }
}

/** Every episode embeds its images anew. */
async function* separateEpisodes(
  { model, images, episodes }: EvaluationOptions,
  measure: MeasureGraph,
): AsyncGenerator<tf.Tensor1D> {
  const embed = embeddingGraph(model)
  try {
    for await (const [, rendered] of prefetch(episodes, (episode) => images.loadEpisode(episode, model))) {
      const tensors = images.episodeTensors(rendered)
      const { support, shots, query, unlabelled, labels } = tensors
      const measured = tf.tidy(() => {
        const ofUnlabelled = unlabelled && { unlabelled: embed(unlabelled) }
        return measure({ ...embed(support), shots, ...ofUnlabelled }, embed(query), labels)
      })
      disposeEpisode(tensors, rendered)
      yield measured
    }
  } finally {
    embed.dispose()
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

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Lets signals and timers be handled between computations, which block the thread. */
function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
