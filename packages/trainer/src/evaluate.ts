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
    const values = await joined.data()
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

/** For each episode a tensor of the loss, then the queries' fused predictions, then those of each level. */
async function* measuredEpisodes(options: EvaluationOptions): AsyncGenerator<tf.Tensor1D> {
  const { model, images, bank: useBank = true } = options
  const episodes = options.episodes.map((episode) => episodeSeenBy(model, episode))
  if (useBank) {
    const bank = await FeatureBank.build({ ...options, episodes })
    try {
      for (const episode of episodes) {
        yield tf.tidy(() => {
          const scores = model.metric.scores(bank.support(episode), bank.query(episode), { training: false })
          return measure(model, scores, tf.tensor1d(labelsOf(episode), 'int32'))
        })
        await yieldToEventLoop()
      }
    } finally {
      bank.dispose()
    }
    return
  }
  for await (const [, decoded] of prefetch(episodes, (episode) => images.decode(episode))) {
    const tensors = images.renderEpisode(decoded, model)
    const measured = tf.tidy(() => measure(model, model.scores(tensors, { training: false }), tensors.labels))
    disposeEpisode(tensors)
    yield measured
  }
}

function measure({ metric }: FewShotModel, scores: LevelScores, labels: tf.Tensor1D): tf.Tensor1D {
  const levels = metric.levels.map(({ level }) => scores[level.name]!)
  const predicted = [metric.predict(scores), ...levels].map((rows) => tf.cast(tf.argMax(rows, 1), 'float32'))
  return tf.concat([metric.loss(scores, labels).reshape([1]), ...predicted]) as tf.Tensor1D
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
