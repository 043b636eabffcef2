import type { LevelFusion, Support } from '@m2l/metric'
import { classifications, type Classification } from './classification.js'
import {
  chooseImages,
  disposeEmbedding,
  imageCount,
  joinImages,
  type EmbeddedImages,
} from './embedded-images.js'
import { supportOf, type LabelledImages } from './labelled-images.js'
import { probabilitiesOf, scoreQueries, type Scores } from './scores.js'

/** At most so many images of a class are left out, evenly spread, which is enough to calibrate by. */
const mostOfClass = 20

/** So many images are scored at once. */
const queriesAtOnce = 64

/** An image that was left out of the examples, and what the others say of it. */
export interface LeftOut extends Classification {
  /** Its class. */
  readonly truth: string
  /** Its position among the images of its class, in the order in which they were added. */
  readonly position: number
}

/** What examples say of each other. */
export interface LeaveOneOut {
  /** Images of classes that have others, classified by all examples but themselves. */
  readonly known: readonly LeftOut[]
  /** The same images and those of classes with one image, classified by the examples of all classes but their own. */
  readonly strangers: readonly LeftOut[]
}

/** Where an image is: its class, then its position in it. */
type Place = readonly [way: number, position: number]

/**
 * Leaves out each image of the examples in turn, and once more with its whole class.
 *
 * Scores of other classes are taken from all examples, which is the same for levels that see each class by itself, as those
 * of M2L do.
 *
 * @param classes two or more
 * @throws the signal's reason when it is aborted
 */
export async function leaveOneOut(
  metric: LevelFusion,
  classes: LabelledImages,
  signal?: AbortSignal,
): Promise<LeaveOneOut> {
  const labels = [...classes.keys()]
  const images = [...classes.values()]
  const places = images.flatMap((ofClass, way) =>
    spread(imageCount(ofClass), mostOfClass).map((position): Place => [way, position]),
  )
  const scores = await scoresByAll(metric, classes, places, signal)
  await scoreOwnClasses(metric, images, places, scores, signal)
  const isKnown = places.map(([way]) => imageCount(images[way]!) > 1)
  const known = places.flatMap((_, row) => (isKnown[row] ? [row] : []))
  return {
    known: await classified(
      metric,
      chooseRows(scores, known),
      () => labels,
      known.map((row) => leftOutAt(labels, places[row]!)),
    ),
    strangers: await strangersOf(metric, labels, places, scores),
  }
}

/** Scores of the images at some places against all examples, themselves among them. */
async function scoresByAll(
  metric: LevelFusion,
  classes: LabelledImages,
  places: readonly Place[],
  signal: AbortSignal | undefined,
): Promise<Scores> {
  const images = [...classes.values()]
  const queries = joinImages(
    images.map((ofClass, way) =>
      chooseImages(
        ofClass,
        places.flatMap(([ofPlace, position]) => (ofPlace === way ? [position] : [])),
      ),
    ),
  )
  const parts: Scores[] = []
  await withSupport(supportOf(classes), async (support) => {
    for (let start = 0; start < places.length; start += queriesAtOnce) {
      signal?.throwIfAborted()
      const count = Math.min(queriesAtOnce, places.length - start)
      const some = Array.from({ length: count }, (_, index) => start + index)
      parts.push(await scoreQueries(metric, support, chooseImages(queries, some)))
    }
  })
  const levels = Object.keys(parts[0]!.levels).map((name) => {
    const values = new Float32Array(places.length * classes.size)
    let end = 0
    for (const { levels: ofPart } of parts) {
      values.set(ofPart[name]!, end)
      end += ofPart[name]!.length
    }
    return [name, values] as const
  })
  return { queries: places.length, ways: classes.size, levels: Object.fromEntries(levels) }
}

/**
 * Replaces the scores of images by their own classes by those without themselves: one image of every class is left out at a
 * time, which tells as much as one at all.
 */
async function scoreOwnClasses(
  metric: LevelFusion,
  images: readonly EmbeddedImages[],
  places: readonly Place[],
  { ways, levels }: Scores,
  signal: AbortSignal | undefined,
): Promise<void> {
  const rowsOfClass = images.map((ofClass, way) =>
    imageCount(ofClass) > 1 ? places.flatMap(([ofPlace], row) => (ofPlace === way ? [row] : [])) : [],
  )
  const rounds = Math.max(...rowsOfClass.map(({ length }) => length))
  for (let round = 0; round < rounds; round++) {
    signal?.throwIfAborted()
    const rows = rowsOfClass.flatMap((ofClass) => ofClass[round] ?? [])
    const leftOut = new Map(rows.map((row) => places[row]!))
    const others = images.map((ofClass, way) => withoutImage(ofClass, leftOut.get(way)))
    const queries = joinImages(rows.map((row) => chooseImages(images[places[row]![0]]!, [places[row]![1]])))
    const support = supportOf(new Map(others.map((ofClass, way) => [String(way), ofClass])))
    const scores = await withSupport(support, (given) => scoreQueries(metric, given, queries))
    for (const [name, values] of Object.entries(scores.levels)) {
      for (const [index, row] of rows.entries()) {
        const [way] = places[row]!
        levels[name]![row * ways + way] = values[index * ways + way]!
      }
    }
  }
}

/** What the other classes say of every image. */
function strangersOf(
  metric: LevelFusion,
  labels: readonly string[],
  places: readonly Place[],
  { queries, ways, levels }: Scores,
): Promise<LeftOut[]> {
  const withoutOwn = Object.entries(levels).map(([name, values]) => {
    const others = values.filter((_, index) => index % ways !== places[Math.floor(index / ways)]![0])
    return [name, others] as const
  })
  const others = labels.map((own) => labels.filter((label) => label !== own))
  const scores = { queries, ways: ways - 1, levels: Object.fromEntries(withoutOwn) }
  return classified(
    metric,
    scores,
    (query) => others[places[query]![0]]!,
    places.map((place) => leftOutAt(labels, place)),
  )
}

function leftOutAt(labels: readonly string[], [way, position]: Place): Pick<LeftOut, 'truth' | 'position'> {
  return { truth: labels[way]!, position }
}

async function classified(
  metric: LevelFusion,
  scores: Scores,
  labelsOf: (query: number) => readonly string[],
  leftOut: readonly Pick<LeftOut, 'truth' | 'position'>[],
): Promise<LeftOut[]> {
  if (leftOut.length === 0) return []
  const probabilities = await probabilitiesOf(metric, scores)
  const rows = classifications(labelsOf, scores, probabilities)
  return rows.map((row, index) => ({ ...row, ...leftOut[index]! }))
}

function chooseRows({ ways, levels }: Scores, rows: readonly number[]): Scores {
  const chosen = Object.entries(levels).map(([name, values]) => {
    const some = new Float32Array(rows.length * ways)
    rows.forEach((row, index) => some.set(values.subarray(row * ways, (row + 1) * ways), index * ways))
    return [name, some] as const
  })
  return { queries: rows.length, ways, levels: Object.fromEntries(chosen) }
}

function withoutImage(images: EmbeddedImages, leftOut: number | undefined): EmbeddedImages {
  if (leftOut === undefined) return images
  const positions = Array.from({ length: imageCount(images) }, (_, position) => position)
  return chooseImages(
    images,
    positions.filter((position) => position !== leftOut),
  )
}

/** At most `most` of the numbers below `count`, evenly spread. */
function spread(count: number, most: number): number[] {
  const chosen = Math.min(count, most)
  return Array.from({ length: chosen }, (_, index) => Math.floor((index * count) / chosen))
}

async function withSupport<Result>(
  support: Support,
  use: (support: Support) => Promise<Result>,
): Promise<Result> {
  try {
    return await use(support)
  } finally {
    disposeEmbedding(support)
  }
}
