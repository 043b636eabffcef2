import { tf } from '@m2l/engine'
import { nextTurn } from '@m2l/model'
import type { Embedding, LevelFusion, MetricLevel, Support } from '@m2l/metric'
import { disposeEmbedding, embeddingOf, imageCount, joinImages } from './embedding/embedded-images.js'
import type { LabelledImages } from './labelled-images.js'
import { readScores, type Scores } from './scores.js'
import { drawnShots, type ShotCounts } from './shot-counts.js'

/** Where an image is: its class, then its position in it. */
export type Place = readonly [way: number, position: number]

/**
 * So many images are compared at once. What a level makes of all examples it makes anew for each such batch.
 */
const queriesAtOnce = 256

/** What all examples but one say of it, and what they say without its whole class. */
export interface LeaveOneOutScores {
  /** For each place [ways]; where its class has one image, that class's score means nothing. */
  readonly known: Scores
  /** For each place [ways - 1], those of the other classes. */
  readonly strangers: Scores
}

/** An image with the support that is compared with it. */
interface Left {
  readonly way: number
  /** Its row in the support. */
  readonly row: number
  /** See `Support`, without the image and without its class. */
  readonly drawn: { readonly known: number; readonly strangers: number }
}

/** A level's scores of some images. */
interface LevelRows {
  /** [queries, ways] */
  readonly known: tf.Tensor2D
  /** [queries, ways]; those of the own class are not looked at */
  readonly strangers: tf.Tensor2D
}

/**
 * Compares images at some places with all examples, each without itself and without its class.
 *
 * A level that can leave images out itself does so in one pass; another compares each image with a support
 * without it.
 *
 * @throws {InputError} when the scores of a level are not finite
 * @throws the signal's reason when it is aborted
 */
export async function leaveOneOutScores(
  metric: LevelFusion,
  classes: LabelledImages,
  places: readonly Place[],
  options: LeaveOneOutOptions,
): Promise<LeaveOneOutScores> {
  const ways = classes.size
  const rows = await leftOutRows(metric, classes, places, { ...options, strangers: true })
  const strangers = Object.entries(rows.strangers).map(([name, values]) => {
    const others = values.filter((_, index) => index % ways !== places[Math.floor(index / ways)]![0])
    return [name, others] as const
  })
  return {
    known: { queries: places.length, ways, levels: rows.known },
    strangers: { queries: places.length, ways: ways - 1, levels: Object.fromEntries(strangers) },
  }
}

/**
 * The first half of it alone: what all examples but one say of it.
 *
 * @throws {InputError} when the scores of a level are not finite
 * @throws the signal's reason when it is aborted
 */
export async function examplesByOthers(
  metric: LevelFusion,
  classes: LabelledImages,
  places: readonly Place[],
  options: LeaveOneOutOptions,
): Promise<Scores> {
  const { known } = await leftOutRows(metric, classes, places, { ...options, strangers: false })
  return { queries: places.length, ways: classes.size, levels: known }
}

/** At most so many images of a class are left out, evenly spread, which is enough to calibrate by. */
const mostOfClass = 20

/** The places of examples that are left out in turn. */
export function spreadPlaces(classes: LabelledImages): Place[] {
  return [...classes.values()].flatMap((images, way) => {
    const count = imageCount(images)
    const chosen = Math.min(count, mostOfClass)
    return Array.from({ length: chosen }, (_, index): Place => [way, Math.floor((index * count) / chosen)])
  })
}

interface LeaveOneOutOptions {
  readonly counts: ShotCounts
  readonly signal?: AbortSignal | undefined
}

/**
 * Scores of the images at some places by level, [places, ways]; where strangers are not asked for, theirs are
 * not looked at.
 */
async function leftOutRows(
  metric: LevelFusion,
  classes: LabelledImages,
  places: readonly Place[],
  { counts, signal, strangers: tellsStrangers }: LeaveOneOutOptions & { readonly strangers: boolean },
): Promise<Record<'known' | 'strangers', Record<string, Float32Array>>> {
  metric.requireReady()
  const images = [...classes.values()]
  const shots = images.map(imageCount)
  const starts = shots.map((_, way) => shots.slice(0, way).reduce((sum, shot) => sum + shot, 0))
  const left = places.map(([way, position]): Left => {
    const without = shots.map((shot, other) => (other === way ? shot - 1 : shot)).filter((shot) => shot > 0)
    const others = shots.filter((_, other) => other !== way)
    const drawn = { known: drawnShots(counts, without), strangers: drawnShots(counts, others) }
    return { way, row: starts[way]! + position, drawn }
  })
  const ways = shots.length
  const rows: Record<'known' | 'strangers', Record<string, Float32Array>> = { known: {}, strangers: {} }
  for (const { level } of metric.levels) {
    rows.known[level.name] = new Float32Array(places.length * ways)
    rows.strangers[level.name] = new Float32Array(places.length * ways)
  }
  const support: Support = { ...embeddingOf(joinImages(images)), shots }
  try {
    for (let start = 0; start < places.length; start += queriesAtOnce) {
      signal?.throwIfAborted()
      const some = left.slice(start, start + queriesAtOnce)
      for (const { level } of metric.levels) {
        const scored = tf.tidy(() => {
          const { known, strangers } = level.leaveOneOut
            ? inOnePass(level, support, some, tellsStrangers)
            : oneByOne(level, support, some)
          return tf.concat([known, strangers]) as tf.Tensor2D
        })
        const { [level.name]: values } = await readScores({ [level.name]: scored })
        const half = some.length * ways
        rows.known[level.name]!.set(values!.subarray(0, half), start * ways)
        rows.strangers[level.name]!.set(values!.subarray(half), start * ways)
      }
      await nextTurn() // for signals and timers
    }
  } finally {
    disposeEmbedding(support)
  }
  return rows
}

function inOnePass(
  level: MetricLevel,
  support: Support,
  left: readonly Left[],
  tellsStrangers: boolean,
): LevelRows {
  // A level need not be able to compare with a single class.
  const isSolvedAnew = Boolean(level.joint) && support.shots.length > 2
  const images = left.map(({ row }) => row)
  const query = rowsOf(support, images)
  const inAll = (kinds: readonly Kind[], scoresOf: (draws: number[]) => tf.Tensor2D[]) => {
    const draws = [...new Set(left.flatMap(({ drawn }) => kinds.map((kind) => drawn[kind])))]
    const scores = scoresOf(draws)
    return (kind: Kind) => {
      if (scores.length === 1) return scores[0]!
      const rows = left.map(({ drawn }, index) => draws.indexOf(drawn[kind]) * left.length + index)
      return tf.gather(tf.concat(scores), tf.tensor1d(rows, 'int32')) as tf.Tensor2D
    }
  }
  const isOnePass = !isSolvedAnew && tellsStrangers
  const withoutImage = inAll(isOnePass ? ['known', 'strangers'] : ['known'], (draws) =>
    level.leaveOneOut!(support, query, { images, draws }, { training: false }),
  )
  const known = withoutImage('known')
  if (!tellsStrangers) return { known, strangers: known }
  if (!isSolvedAnew) return { known, strangers: withoutImage('strangers') }
  if (!level.leaveClassOut) return { known, strangers: withoutClasses(level, support, left) }
  const withoutClass = inAll(['strangers'], (draws) =>
    level.leaveClassOut!(support, query, { images, draws }, { training: false }),
  )
  return { known, strangers: withoutClass('strangers') }
}

type Kind = keyof Left['drawn']

/**
 * What the other classes say of each image where its whole class is left out of the support, class by class.
 */
function withoutClasses(level: MetricLevel, support: Support, left: readonly Left[]): tf.Tensor2D {
  const { shots } = support
  const classOfRow = shots.flatMap((shot, way) => Array.from({ length: shot }, () => way))
  const order: number[] = []
  const scored = [...new Set(left.map(({ way }) => way))].map((way) => {
    const own = left.flatMap((image, index) => (image.way === way ? [index] : []))
    order.push(...own)
    const kept = classOfRow.flatMap((other, row) => (other === way ? [] : [row]))
    const others = {
      ...rowsOf(support, kept),
      shots: shots.toSpliced(way, 1),
      drawnShots: left[own[0]!]!.drawn.strangers,
    }
    const query = rowsOf(
      support,
      own.map((index) => left[index]!.row),
    )
    const scores = level.scores(others, query, { training: false })
    return withColumnOfZeros(scores, way)
  })
  const places = left.map((_, index) => order.indexOf(index))
  return tf.gather(tf.concat(scored), tf.tensor1d(places, 'int32')) as tf.Tensor2D
}

function oneByOne(level: MetricLevel, support: Support, left: readonly Left[]): LevelRows {
  const { shots } = support
  const classOfRow = shots.flatMap((shot, way) => Array.from({ length: shot }, () => way))
  const scored = left.map(({ way, row, drawn }) => {
    const query = rowsOf(support, [row])
    const compare = (isKept: (other: number) => boolean, drawnOf: number): tf.Tensor1D => {
      const kept = classOfRow.flatMap((_, other) => (isKept(other) ? [other] : []))
      const counts = shots.map((_, label) => kept.filter((other) => classOfRow[other] === label).length)
      const present = counts.filter((count) => count > 0)
      const others = { ...rowsOf(support, kept), shots: present, drawnShots: drawnOf }
      const scores = level.scores(others, query, { training: false })
      if (present.length === shots.length) return scores.squeeze([0])
      return withColumnOfZeros(scores, way).squeeze([0])
    }
    const withoutImage = (other: number) => other !== row
    const withoutClass = (other: number) => classOfRow[other] !== way
    return tf.tidy(() => [
      shots[way]! > 1 ? compare(withoutImage, drawn.known) : tf.zeros([shots.length]),
      // A level need not be able to compare with a single class.
      shots.length > 2 ? compare(withoutClass, drawn.strangers) : compare(() => true, drawn.strangers),
    ]) as [tf.Tensor1D, tf.Tensor1D]
  })
  return {
    known: tf.stack(scored.map(([known]) => known)) as tf.Tensor2D,
    strangers: tf.stack(scored.map(([, strangers]) => strangers)) as tf.Tensor2D,
  }
}

/** Scores with something in the place of a class that was left out. */
function withColumnOfZeros(scores: tf.Tensor2D, way: number): tf.Tensor2D {
  const [queries] = scores.shape
  const [before, after] = [scores.slice([0, 0], [-1, way]), scores.slice([0, way], [-1, -1])]
  return tf.concat([before, tf.zeros<tf.Rank.R2>([queries, 1]), after], 1)
}

/** The embedding of images of a support. */
function rowsOf({ map, parts }: Support, rows: readonly number[]): Embedding {
  const indices = tf.tensor1d([...rows], 'int32')
  return {
    ...(map && { map: tf.gather(map, indices) }),
    ...(parts && { parts: tf.gather(parts, indices) }),
  }
}
