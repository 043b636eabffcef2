import { highest, type Probabilities, type Scores } from './scores.js'

/** What a level says of an image. */
export interface LevelClassification {
  /** The class that is nearest by this level alone. */
  readonly label: string
  /** The probability that the level gives to it, from 0 to 1. */
  readonly probability: number
  /** How near each class is by this level, in the order of the classes; higher is nearer. */
  readonly scores: readonly number[]
}

/** What a classifier says of an image: plain data, as JSON holds it. */
export interface Classification {
  /** The most probable class. */
  readonly label: string
  /** Its probability, from 0 to 1. */
  readonly probability: number
  /** All classes, in the order in which they were added. */
  readonly labels: readonly string[]
  /** The probability of each of them, in this order; together 1. */
  readonly probabilities: readonly number[]
  /** What each level says, by its name. */
  readonly levels: Readonly<Record<string, LevelClassification>>
}

/**
 * What scores and the probabilities that follow from them say of each query.
 *
 * @param labelsOf the labels of the ways that a query was compared with
 */
export function classifications(
  labelsOf: (query: number) => readonly string[],
  scores: Scores,
  probabilities: Probabilities,
): Classification[] {
  const { queries, ways } = scores
  return Array.from({ length: queries }, (_, query) => {
    const labels = labelsOf(query)
    const row = (values: Float32Array) => Array.from(values.subarray(query * ways, (query + 1) * ways))
    const ofLevels = Object.entries(probabilities.levels).map(([name, values]) => [
      name,
      { ...nearest(labels, row(values)), scores: row(scores.levels[name]!) },
    ])
    const fused = row(probabilities.fused)
    return {
      ...nearest(labels, fused),
      labels,
      probabilities: fused,
      levels: Object.fromEntries(ofLevels) as Classification['levels'],
    }
  })
}

function nearest(
  labels: readonly string[],
  probabilities: readonly number[],
): Pick<Classification, 'label' | 'probability'> {
  const best = highest(probabilities)
  return { label: labels[best]!, probability: probabilities[best]! }
}
