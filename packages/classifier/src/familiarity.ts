import { InputError, requireFinite } from '@m2l/engine'
import type { Classification } from './classification.js'
import type { LeaveOneOut } from './leave-one-out.js'

/**
 * How strongly the weights are held near zero; chosen on validation classes of emoji, where .001 to .1 differ
 * little.
 */
const ridge = 0.1

/** Steps of gradient descent; the features are standardised, so that a few hundred reach the minimum. */
const steps = 500

/**
 * How probable it is that an image is of one of the classes at all, from 0 to 1.
 *
 * A logistic regression on how near the image is to the class that it would be given, by each level: between
 * examples that were left out, and examples of which the whole class was left out, both counting equally in
 * total. So .5 is where images of the classes and of others are told apart best, as far as the examples show.
 */
export class Familiarity {
  readonly #levels: readonly string[]
  readonly #means: readonly number[]
  readonly #deviations: readonly number[]
  readonly #weights: readonly number[]
  readonly #bias: number

  /**
   * @param leaveOneOut what examples say of each other, see `FewShotClassifier`
   * @throws {InputError} when most classes have a single example, or a score is not finite
   */
  constructor({ known, strangers }: LeaveOneOut) {
    requireCalibration(classesOf({ known, strangers }))
    this.#levels = Object.keys(known[0]!.levels)
    const samples = [
      ...known.map((image) => ({ target: 1, share: 0.5 / known.length, nearness: this.#nearness(image) })),
      ...strangers.map((image) => ({
        target: 0,
        share: 0.5 / strangers.length,
        nearness: this.#nearness(image),
      })),
    ]
    for (const { nearness } of samples)
      requireFinite(nearness, `the scores of examples by ${this.#levels.join(', ')}`)
    const columns = this.#levels.map((_, index) => samples.map(({ nearness }) => nearness[index]!))
    this.#means = columns.map(mean)
    this.#deviations = columns.map((values, index) => deviation(values, this.#means[index]!))
    const { weights, bias } = fit(
      samples.map((sample) => ({ ...sample, features: this.#standardised(sample.nearness) })),
    )
    this.#weights = weights
    this.#bias = bias
  }

  /**
   * The familiarity of an image, by what the classifier says of it.
   *
   * @throws {InputError} when a score of it is not finite
   */
  of(image: Classification): number {
    const nearness = this.#nearness(image)
    requireFinite(nearness, `the scores of the image by ${this.#levels.join(', ')}`)
    const features = this.#standardised(nearness)
    return logistic(this.#bias + inner(this.#weights, features))
  }

  /** The score of the class that the image is given, by each level. */
  #nearness({ label, labels, levels }: Classification): number[] {
    const way = labels.indexOf(label)
    return this.#levels.map((name) => levels[name]!.scores[way]!)
  }

  #standardised(nearness: readonly number[]): number[] {
    return nearness.map((value, index) => (value - this.#means[index]!) / this.#deviations[index]!)
  }
}

/** How many classes have several examples, and how many there are. */
interface ClassCounts {
  readonly several: number
  readonly all: number
}

/**
 * Whether enough examples were left out to tell unknown images by: of two classes, and of more than half of
 * them.
 */
export function canCalibrate(leaveOneOut: LeaveOneOut): boolean {
  return isEnough(classesOf(leaveOneOut))
}

/**
 * Refuses examples that are too few to tell unknown images by.
 *
 * @throws {InputError} when most classes have a single one
 */
export function requireCalibration({ several, all }: ClassCounts): void {
  if (isEnough({ several, all })) return
  throw new InputError(
    `unknown images cannot be told: ${several === 0 ? 'there is one image a class' : `${several} of ${all} classes have more than one example`}, so that too few can be left out to calibrate by; add a second image to most classes`,
  )
}

function isEnough({ several, all }: ClassCounts): boolean {
  return several >= 2 && several > all / 2
}

function classesOf({ known, strangers }: LeaveOneOut): ClassCounts {
  const [several, all] = [known, strangers].map((some) => new Set(some.map(({ truth }) => truth)).size)
  return { several: several!, all: all! }
}

interface Sample {
  readonly features: readonly number[]
  /** 1 for images of the classes, 0 for others. */
  readonly target: number
  /** Its weight in the loss; together 1. */
  readonly share: number
}

/** Minimises the cross entropy and the ridge. */
function fit(samples: readonly Sample[]): { weights: number[]; bias: number } {
  const count = samples[0]!.features.length
  const rate = 1 / ((count + 1) / 4 + ridge) // one over a bound of the curvature
  let weights = Array.from({ length: count }, () => 0)
  let bias = 0
  for (let step = 0; step < steps; step++) {
    const gradient = weights.map((weight) => ridge * weight)
    let ofBias = 0
    for (const { features, target, share } of samples) {
      const error = share * (logistic(bias + inner(weights, features)) - target)
      ofBias += error
      for (const [index, feature] of features.entries()) gradient[index]! += error * feature
    }
    weights = weights.map((weight, index) => weight - rate * gradient[index]!)
    bias -= rate * ofBias
  }
  return { weights, bias }
}

function logistic(value: number): number {
  return 1 / (1 + Math.exp(-value))
}

function inner(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The standard deviation, or 1 where all values are the same. */
function deviation(values: readonly number[], centre: number): number {
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2))) || 1
}
