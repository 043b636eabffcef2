import type { LevelFusion } from '@m2l/metric'
import { classifications, type Classification } from './classification.js'
import { imageCount } from './embedding/embedded-images.js'
import type { LabelledImages } from './labelled-images.js'
import { leaveOneOutScores, spreadPlaces, type Place } from './leave-one-out-scores.js'
import { probabilitiesOf, type Scores } from './scores.js'
import type { ShotCounts } from './shot-counts.js'

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
  /**
   * The same images and those of classes with one image, classified by the examples of all classes but their
   * own.
   */
  readonly strangers: readonly LeftOut[]
}

/**
 * Leaves out each image of the examples in turn, and once more with its whole class: what a classifier of the
 * other examples would say of it.
 *
 * @param classes two or more
 * @throws {InputError} when the scores of a level are not finite
 * @throws the signal's reason when it is aborted
 */
export async function leaveOneOut(
  metric: LevelFusion,
  classes: LabelledImages,
  { counts, signal }: { readonly counts: ShotCounts; readonly signal?: AbortSignal | undefined },
): Promise<LeaveOneOut> {
  const labels = [...classes.keys()]
  const images = [...classes.values()].map(imageCount)
  const places = spreadPlaces(classes)
  const { known, strangers } = await leaveOneOutScores(metric, classes, places, { counts, signal })
  const rows = places.flatMap(([way], row) => (images[way]! > 1 ? [row] : []))
  const others = labels.map((own) => labels.filter((label) => label !== own))
  return {
    known: await classified(
      metric,
      chooseRows(known, rows),
      () => labels,
      rows.map((row) => leftOutAt(labels, places[row]!)),
    ),
    strangers: await classified(
      metric,
      strangers,
      (query) => others[places[query]![0]]!,
      places.map((place) => leftOutAt(labels, place)),
    ),
  }
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
