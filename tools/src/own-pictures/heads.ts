import { randomKey, tf } from '@m2l/engine'
import { parseRecipe, type FeatureSet } from '@m2l/m2l'
import type { MetricLevel } from '@m2l/metric'
import { disposeState } from '@m2l/nn'
import type { Draw, Shots } from './draws.js'
import { outcomeOf, type Answer, type Outcome, type Outcomes } from './outcome.js'

/**
 * Single heads by the names that tables have for them, each as it is without a choice, on the mean of the
 * last map.
 */
export const heads = {
  'nearest mean': '{ nearest-mean: { normalise: l2n } }',
  'logistic regression': '{ logistic: { C: 1 } }',
  'logistic regression, C=10': '{ logistic: { C: 10 } }',
  'ridge regression': '{ ridge: { normalise: l2n } }',
  'Gaussian (GDA)': '{ gda: {} }',
  'cache (Tip-Adapter)': '{ cache: { shots_divided: true } }',
  'vote of examples': '{ matching: {} }',
  'linear probe': '{ probe: {} }',
} as const

export type HeadName = keyof typeof heads

/** Features of the pictures that draws name. */
export interface DrawnFeatures {
  readonly features: FeatureSet['map']
  /** Where a picture is in them. */
  readonly rowOf: ReadonlyMap<number, number>
}

/** What a head on the features of a network makes of draws. */
export function measureHead(head: HeadName, draws: readonly Draw[], drawn: DrawnFeatures): Outcomes {
  const { levels } = parseRecipe(`{ model: { levels: ${heads[head]} } }`, head).resolved
  const [{ definition, options }] = levels as [(typeof levels)[number]]
  const channels = drawn.features.shape.at(-1)!
  const level = definition.create(options, { channels, key: randomKey(1).fold(head) })
  try {
    const ofShots = (shot: Shots) => draws.map((draw) => outcomeOfDraw(level, draw, shot, drawn))
    return { 1: ofShots(1), 5: ofShots(5) }
  } finally {
    disposeState(level.state)
  }
}

function outcomeOfDraw(
  level: MetricLevel,
  { labels, support, query, strangers }: Draw,
  shot: Shots,
  drawn: DrawnFeatures,
): Outcome {
  const examples = support.map((ofClass) => ofClass.slice(0, shot))
  const asked = query.flat()
  const found = tf.tidy(() => {
    const shots = examples.map(({ length }) => length)
    const scores = level.scores(
      { map: mapOf(drawn, examples.flat()), shots },
      { map: mapOf(drawn, [...asked, ...strangers]) },
      { training: false },
    )
    return [tf.argMax(scores, 1), tf.max(scores, 1), tf.max(tf.softmax(scores), 1)]
  })
  const [best, highest, probabilities] = found.map((tensor) => tensor.dataSync())
  tf.dispose(found)
  const answers = Array.from(best!, (way, index): Answer => {
    const [probability, score] = [probabilities![index]!, highest![index]!]
    return { label: labels[way]!, probability, score, familiarity: null }
  })
  const truth = labels.flatMap((label, way) => query[way]!.map(() => label))
  return outcomeOf(answers.slice(0, asked.length), truth, answers.slice(asked.length))
}

/** The features of some pictures [pictures, 1, 1, channels]. */
function mapOf(
  { features: { shape, data }, rowOf }: DrawnFeatures,
  pictures: readonly number[],
): tf.Tensor4D {
  const channels = shape.at(-1)!
  const chosen = new Float32Array(pictures.length * channels)
  pictures.forEach((picture, index) => {
    const row = rowOf.get(picture)!
    chosen.set(data.subarray(row * channels, (row + 1) * channels), index * channels)
  })
  return tf.tensor4d(chosen, [pictures.length, 1, 1, channels])
}
