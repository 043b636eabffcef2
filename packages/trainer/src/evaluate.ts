import { tf } from '@m2l/engine'
import type { LevelScores } from '@m2l/metric'
import type { Episode } from '@m2l/samplers'
import { disposeEpisode, episodeSeenBy, type EpisodeImages } from './episode-images.js'
import { FeatureBank } from './feature-bank.js'
import type { FewShotModel } from './few-shot-model.js'
import { interval95, type Interval } from './interval.js'
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
  readonly seconds: number
}

/** Accuracies wait on the engine until so many episodes are computed. */
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
  const rows: number[][] = [] // [episode][loss, fused, ...levels]
  let waiting: tf.Tensor1D[] = []
  const read = async () => {
    if (waiting.length === 0) return
    const stacked = tf.tidy(() => tf.stack(waiting))
    tf.dispose(waiting)
    waiting = []
    rows.push(...((await stacked.array()) as number[][]))
    stacked.dispose()
    meter.update(rows.length, { loss: columnMean(rows, 0), accuracy: columnMean(rows, 1) })
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
  const column = (index: number) => Float32Array.from(rows, (row) => row[index]!)
  const fused = column(1)
  const levels = Object.fromEntries(names.map((name, index) => [name, column(index + 2)]))
  return {
    episodes: rows.length,
    fused: interval95(fused),
    levels: Object.fromEntries(names.map((name) => [name, interval95(levels[name]!)])),
    loss: columnMean(rows, 0),
    perEpisode: { fused, levels },
    seconds: (performance.now() - start) / 1000,
  }
}

/** For each episode a tensor [loss, accuracy, accuracy of each level]. */
async function* measuredEpisodes(options: EvaluationOptions): AsyncGenerator<tf.Tensor1D> {
  const { model, images, bank: useBank = true } = options
  const episodes = options.episodes.map((episode) => episodeSeenBy(model.metric, episode))
  if (useBank) {
    const bank = await FeatureBank.build({ ...options, episodes })
    try {
      for (const episode of episodes) {
        yield tf.tidy(() => {
          const scores = model.metric.scores(bank.support(episode), bank.query(episode), { training: false })
          const labels = episode.query.flatMap((ofClass, label) => ofClass.map(() => label))
          return measure(model, scores, tf.tensor1d(labels, 'int32'))
        })
        await yieldToEventLoop()
      }
    } finally {
      bank.dispose()
    }
    return
  }
  for await (const [, decoded] of prefetch(episodes, (episode) => images.decode(episode))) {
    const tensors = images.renderEpisode(decoded, model.metric)
    const measured = tf.tidy(() => measure(model, model.scores(tensors, { training: false }), tensors.labels))
    disposeEpisode(tensors)
    yield measured
  }
}

function measure({ metric }: FewShotModel, scores: LevelScores, labels: tf.Tensor1D): tf.Tensor1D {
  const levels = metric.levels.map(({ level }) => accuracy(scores[level.name]!, labels))
  return tf.stack([
    metric.loss(scores, labels),
    accuracy(metric.predict(scores), labels),
    ...levels,
  ]) as tf.Tensor1D
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

function columnMean(rows: readonly number[][], column: number): number {
  return rows.reduce((sum, row) => sum + row[column]!, 0) / rows.length
}

/** Lets signals and timers be handled between computations, which block the thread. */
function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
