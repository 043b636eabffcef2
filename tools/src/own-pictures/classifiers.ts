import { InputError } from '@m2l/engine'
import { Familiarity, type Classification, type FewShotClassifier, type GivenImage } from '@m2l/m2l'
import { mostShots, shots, type Draw, type Shots } from './draws.js'
import { outcomeOf, type Answer, type Outcome, type Outcomes } from './outcome.js'

/** In how many draws a classifier chose each weights and head on features, by the number of examples. */
export type Choices = Readonly<Record<Shots, Readonly<Record<string, number>>>>

/** What a classifier made of draws, and how long it took. */
export interface MeasuredClassifier {
  readonly outcomes: Outcomes
  /** In how many draws it chose what, by the number of examples. */
  readonly choices: Choices
  /**
   * Of each draw with the most examples: the seconds from the pictures to the answers, familiarity's
   * calibration included.
   */
  readonly seconds: readonly number[]
  /** How many pictures these were, examples and queries. */
  readonly pictures: readonly number[]
}

/** How a classifier is measured. */
export interface MeasureOptions {
  readonly imageOf: (picture: number) => GivenImage
  /** Whether strangers are told from pictures of the classes. */
  readonly tellsStrangers: boolean
  readonly onProgress: (done: number, total: number) => void
}

/** What a classifier makes of draws, from the pictures on. It is left without classes. */
export async function measureClassifier(
  classifier: FewShotClassifier,
  draws: readonly Draw[],
  { imageOf, tellsStrangers, onProgress }: MeasureOptions,
): Promise<MeasuredClassifier> {
  const outcomes: Record<Shots, Outcome[]> = { 1: [], 5: [] }
  const choices: Record<Shots, Record<string, number>> = { 1: {}, 5: {} }
  const seconds: number[] = []
  const pictures: number[] = []
  for (const [index, { labels, support, query, strangers }] of draws.entries()) {
    const truth = labels.flatMap((label, way) => query[way]!.map(() => label))
    for (const shot of shots) {
      const started = performance.now()
      for (const [way, label] of labels.entries())
        await classifier.add(label, support[way]!.slice(0, shot).map(imageOf))
      const choice = describeChoice(await classifier.choose())
      choices[shot][choice] = (choices[shot][choice] ?? 0) + 1
      const familiarity = tellsStrangers ? await familiarityOf(classifier) : undefined
      const known = await classifier.classify(query.flat().map(imageOf))
      if (shot === mostShots) {
        seconds.push((performance.now() - started) / 1000)
        pictures.push(support.flat().length + known.length)
      }
      const others = tellsStrangers ? await classifier.classify(strangers.map(imageOf)) : []
      const answered = (image: Classification) => answerOf(image, familiarity)
      outcomes[shot].push(outcomeOf(known.map(answered), truth, others.map(answered)))
      for (const label of labels) classifier.remove(label)
    }
    onProgress(index + 1, draws.length)
  }
  return { outcomes, choices, seconds, pictures }
}

function describeChoice({ weights, views, heads }: Awaited<ReturnType<FewShotClassifier['choose']>>): string {
  const speaking = heads.map(({ features, head }) => `${features} by ${head}`).toSorted()
  const seen = views === 'crops' ? ' with crops' : ''
  return `${weights}${seen}: ${speaking.length === 0 ? 'levels' : speaking.join(', ')}`
}

function answerOf(
  { label, probability, levels, ...image }: Classification,
  familiarity?: Familiarity,
): Answer {
  const [level, ...further] = Object.values(levels)
  return {
    label,
    probability,
    score: further.length > 0 ? null : Math.max(...level!.scores),
    familiarity: familiarity?.of({ label, probability, levels, ...image }) ?? null,
  }
}

/** Nothing where examples are too few to calibrate by. */
async function familiarityOf(classifier: FewShotClassifier): Promise<Familiarity | undefined> {
  const leftOut = await classifier.leaveOneOut()
  try {
    return new Familiarity(leftOut)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}
