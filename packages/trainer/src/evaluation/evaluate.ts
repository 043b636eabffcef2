import { InputError, span, tf } from '@m2l/engine'
import type { Episode } from '@m2l/samplers'
import { ProgressMeter } from '../run/progress.js'
import { interval95, type Interval } from '../statistics/interval.js'
import { labelsOf } from './episode-batches.js'
import { taskOf } from './episode-task.js'
import type { EvaluationOptions, FeatureEvaluationOptions } from './evaluation-options.js'
import { RowReader, type Prediction } from './evaluation-row.js'
import type { BankSize } from './feature-bank.js'
import { disposeAll, measuredBatches, type MeasuredBatch } from './measured-batches.js'

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

/**
 * The accuracy of a model over episodes, fused and for each level alone. An episode's accuracy is the
 * fraction of its queries whose highest score is that of their class.
 *
 * @throws {InputError} when a level is not ready, features of a picture or scores of a level are not finite,
 *   or the feature bank is too large for memory and cannot be kept on disk
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
    const rows = new RowReader(values as Float32Array, names.length)
    for (const position of positions) {
      const labels = labelsOf(episodes[position]!)
      const { loss, finite, predictions } = rows.next(labels.length)
      losses[position] = loss
      const wrong = names.filter((_, level) => !finite[level])
      if (wrong.length > 0) throw scoresNotFinite(wrong, position)
      for (const [index, column] of columns.entries()) column.add(position, labels, predictions[index]!)
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
    bank,
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

  constructor(episodes: readonly Episode[]) {
    this.predicted = Array.from(episodes, () => [])
    this.confidences = Array.from(episodes, () => [])
    this.accuracies = new Array<number>(episodes.length).fill(0)
  }

  add(position: number, labels: readonly number[], { ways, confidences }: Prediction): void {
    this.predicted[position] = ways
    this.confidences[position] = confidences
    this.accuracies[position] = labels.filter((label, query) => label === ways[query]).length / labels.length
  }
}
