import { InputError, tf, type RandomKey } from '@m2l/engine'
import type { LevelScores } from '@m2l/metric'
import type { Episode } from '@m2l/samplers'
import { FeatureBank, interval95, type EpisodeImages, type Interval } from '@m2l/trainer'
import type { FewShotModel } from '@m2l/model'

/** How classes with different numbers of examples are compared. */
export const countings = ['published', 'neutral'] as const
export type Counting = (typeof countings)[number]

/** What is measured. */
export interface UnequalOptions {
  /** Tasks of each kind. */
  readonly draws: number
  /** Pictures of each class that are to be recognised. */
  readonly queries: number
  readonly key: RandomKey
}

/** What was measured for classes with some numbers of examples. */
export interface UnequalResult {
  /** The numbers of examples, for example `1 + 30`. */
  readonly examples: string
  readonly counting: Counting
  /** Of the fused prediction as `fused`, and of each level. */
  readonly accuracy: Readonly<Record<string, Interval>>
  /** The share of the pictures of the first class that are recognised. */
  readonly recallOfFirst: Readonly<Record<string, Interval>>
}

/** Examples of two classes: one of the first, and of the second so many. */
const ofSecond = [1, 2, 5, 10, 30]

/** Numbers of examples from which those of five classes are drawn, each as likely. */
const drawnCounts = [1, 2, 3, 5, 10, 20]

/** Fractions of 1, by name: fused and of each level. */
type Figures = Record<string, number>

/**
 * How accurate a model is where classes have different numbers of examples: two classes of which the first
 * has one, and five classes with numbers drawn at random, beside the same classes with as many examples each
 * as the smallest has.
 *
 * Within a task, what is to be recognised is the same for all numbers of examples, and fewer examples are the
 * first ones of more.
 */
export async function unequalCounts(
  model: FewShotModel,
  images: EpisodeImages,
  options: UnequalOptions,
): Promise<UnequalResult[]> {
  const pairs = tasks(images, options, 2, () => [1, Math.max(...ofSecond)])
  const five = tasks(images, options, 5, (key) =>
    Array.from({ length: 5 }, (_, label) => drawn(key.fold(label))),
  )
  const bank = await FeatureBank.build({ model, images, episodes: [...pairs, ...five] })
  try {
    const results: UnequalResult[] = []
    for (const second of ofSecond) {
      const some = pairs.map((task) => withExamples(task, [1, second]))
      for (const counting of countings) results.push(measured(model, bank, some, `1 + ${second}`, counting))
    }
    for (const counting of countings)
      results.push(measured(model, bank, five, `5 ways, ${drawnCounts.join(' or ')}`, counting))
    const fewest = five.map((task) => {
      const least = Math.min(...task.support.map(({ length }) => length))
      return withExamples(
        task,
        task.support.map(() => least),
      )
    })
    results.push(measured(model, bank, fewest, '5 ways, the fewest of them each', 'published'))
    return results
  } finally {
    await bank.dispose()
  }
}

function drawn(key: RandomKey): number {
  return drawnCounts[key.generator().integer(drawnCounts.length)]!
}

function tasks(
  { split }: EpisodeImages,
  { draws, queries, key }: UnequalOptions,
  ways: number,
  countsOf: (key: RandomKey) => readonly number[],
): Episode[] {
  const most = Math.max(...ofSecond, ...drawnCounts)
  if (split.classes.filter(({ images }) => images.length >= most + queries).length < ways)
    throw new InputError(
      `expected ${ways} test classes of ${most + queries} pictures or more; name a data set that has them, or lower --queries`,
    )
  const possible = split.classes.flatMap(({ images }, index) =>
    images.length >= most + queries ? [index] : [],
  )
  return Array.from({ length: draws }, (_, draw): Episode => {
    const ofTask = key.fold(`${ways} ways`).fold(draw)
    const classes = ofTask.fold('classes').generator().sample(possible, ways)
    const counts = countsOf(ofTask.fold('counts'))
    const chosen = classes.map((label) => {
      const all = split.classes[label]!.images.map((_image, index) => index)
      return ofTask
        .fold(`images of ${label}`)
        .generator()
        .sample(all, queries + most)
    })
    return {
      classes,
      support: chosen.map((ofClass, label) => ofClass.slice(queries, queries + counts[label]!)),
      query: chosen.map((ofClass) => ofClass.slice(0, queries)),
    }
  })
}

function withExamples(task: Episode, counts: readonly number[]): Episode {
  return { ...task, support: task.support.map((ofClass, label) => ofClass.slice(0, counts[label])) }
}

function measured(
  model: FewShotModel,
  bank: FeatureBank,
  episodes: readonly Episode[],
  examples: string,
  counting: Counting,
): UnequalResult {
  const ofTasks = episodes.map((task) => figuresOf(model, bank, task, counting))
  const names = Object.keys(ofTasks[0]!.accuracy)
  const shares = (kind: 'accuracy' | 'recallOfFirst') =>
    Object.fromEntries(
      names.map((name) => [name, interval95(ofTasks.map((figures) => figures[kind][name]!))]),
    )
  return { examples, counting, accuracy: shares('accuracy'), recallOfFirst: shares('recallOfFirst') }
}

function figuresOf(
  { metric }: FewShotModel,
  bank: FeatureBank,
  task: Episode,
  counting: Counting,
): { accuracy: Figures; recallOfFirst: Figures } {
  const ways = task.classes.length
  const predictions = tf.tidy(() => {
    const { support, query } = bank.embeddings([task])
    const drawnShots = counting === 'neutral' ? Math.min(...support.shots) : Infinity
    const scores = metric.scores({ ...support, drawnShots }, query, { training: false })
    const all: LevelScores = { fused: metric.predict(scores), ...scores }
    return Object.entries(all).map(([name, values]) => [name, [...tf.argMax(values, 1).dataSync()]] as const)
  })
  const queries = task.query[0]!.length
  const rightOf = (predicted: readonly number[], label: number) =>
    predicted.slice(label * queries, (label + 1) * queries).filter((way) => way === label).length / queries
  const figures = (of: (predicted: readonly number[]) => number) =>
    Object.fromEntries(predictions.map(([name, predicted]) => [name, of(predicted)]))
  return {
    accuracy: figures(
      (predicted) =>
        Array.from({ length: ways }, (_, label) => rightOf(predicted, label)).reduce((a, b) => a + b, 0) /
        ways,
    ),
    recallOfFirst: figures((predicted) => rightOf(predicted, 0)),
  }
}
