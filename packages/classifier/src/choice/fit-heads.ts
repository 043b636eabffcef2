import { LevelFusion, type MetricLevel, type WeightedLevel } from '@m2l/metric'
import { centredLevel } from '@m2l/metric-head'
import { imageCount } from '../embedding/embedded-images.js'
import type { LabelledImages } from '../labelled-images.js'
import { examplesByOthers, spreadPlaces, type Place } from '../leave-one-out-scores.js'
import { canLeaveOut, type ShotCounts } from '../shot-counts.js'
import { isClearlyWorse } from './clearly-worse.js'
import { fitTemperature, mean, type FittedTemperature } from './temperature.js'

/** Features that lie side by side in an embedding's map: those of a stage of a network. */
export interface FeatureRange {
  readonly name: string
  readonly channels: readonly [start: number, end: number]
}

/** What was chosen for a range of features: plain data, as JSON holds it. */
export interface FittedHead {
  readonly features: string
  readonly head: 'nearest mean' | 'ridge' | 'gda'
  /** How strongly a ridge regression is held near zero; null for other heads. */
  readonly lambda: number | null
  readonly temperature: number
  /** The mean cross entropy of examples by the others, in nats; null where nothing can be left out. */
  readonly crossEntropy: number | null
}

/** Heads that were fitted to examples, each to one range of features. */
export interface FittedHeads {
  readonly metric: LevelFusion
  /** Those that speak. */
  readonly used: readonly FittedHead[]
  /** Those that the examples show to be worse. */
  readonly dropped: readonly FittedHead[]
}

interface HeadOptions {
  readonly counts: ShotCounts
  readonly signal?: AbortSignal | undefined
}

/** Half a decade apart, from weak to strong, for features of unit length. */
const lambdas = [0.03, 0.1, 0.3, 1, 3]

/**
 * With more examples Gaussians are not tried: to solve them anew for each that is left out takes long, and
 * ridge does as well.
 */
const mostForGaussians = 200

/**
 * Of one example a class no temperature can be fitted; ours, three times that of squared distances between
 * features that are not centred.
 */
const temperatureOfOne = 0.3

/**
 * Fits heads to what examples say of each other, each left out in turn: for each range of features a ridge
 * regression, held as strongly as is best, and Gaussians, each at its best temperature. Those that are not
 * clearly worse than the best speak together, by the geometric mean of their probabilities: of a handful of
 * examples the best is known badly, and good ones together are as good as the best of them. Where most
 * classes have two examples, of which leaving one out leaves one, only class means are fitted; where most
 * have one, nothing is: class means of all ranges.
 *
 * @param classes two or more
 * @throws {InputError} when scores are not finite
 * @throws the signal's reason when it is aborted
 */
export async function fitHeads(
  classes: LabelledImages,
  ranges: readonly FeatureRange[],
  options: HeadOptions,
): Promise<FittedHeads> {
  const shots = [...classes.values()].map(imageCount)
  const places = spreadPlaces(classes).filter(([way]) => shots[way]! > 1)
  if (!canLeaveOut(shots)) return nearestMeans(ranges)
  const isFew = shots.reduce((sum, shot) => sum + shot, 0) <= mostForGaussians
  const isSolved = shots.filter((shot) => shot > 2).length > shots.length / 2
  const trials = ranges.flatMap((range) => {
    if (!isSolved) return [[trialOf(range, 'nearest mean')]]
    return [
      lambdas.map((lambda) => trialOf(range, 'ridge', lambda)),
      ...(isFew ? [[trialOf(range, 'gda')]] : []),
    ]
  })
  const fits = await fitAll(trials.flat(), classes, places, options)
  const fitted = trials.map((some) => leastOf(fits.filter(({ trial }) => some.includes(trial))))
  const best = leastOf(fitted)
  const isUsed = ({ losses }: Fit) => !isClearlyWorse(losses, best.losses)
  return {
    metric: fusionOf(fitted.filter(isUsed).map(({ trial, temperature }) => ({ trial, temperature }))),
    used: fitted.filter(isUsed).map(described),
    dropped: fitted.filter((fit) => !isUsed(fit)).map(described),
  }
}

/** A head that is tried. */
interface Trial extends Pick<FittedHead, 'features' | 'head' | 'lambda'> {
  /** The same under a name. */
  level(name: string): MetricLevel
}

type Fit = FittedTemperature & { readonly trial: Trial }

/**
 * What heads say together that were fitted before: the same as then.
 *
 * @param ranges among which are theirs
 */
export function fusionOfHeads(heads: readonly FittedHead[], ranges: readonly FeatureRange[]): LevelFusion {
  return fusionOf(
    heads.map(({ features, head, lambda, temperature }) => {
      const range = ranges.find(({ name }) => name === features)!
      return { trial: trialOf(range, head, lambda), temperature }
    }),
  )
}

function trialOf(
  { name: features, channels }: FeatureRange,
  head: FittedHead['head'],
  lambda: number | null = null,
): Trial {
  const classifier = head === 'nearest mean' ? 'nearest-mean' : head
  const level = (name: string) => centredLevel({ name, classifier, channels, lambda: lambda ?? undefined })
  return { features, head, lambda, level }
}

async function fitAll(
  trials: readonly Trial[],
  classes: LabelledImages,
  places: readonly Place[],
  options: HeadOptions,
): Promise<Fit[]> {
  const all = trials.map(({ level }, index) => ({ level: level(String(index)), weight: 1, temperature: 1 }))
  const { levels } = await examplesByOthers(new LevelFusion(all), classes, places, options)
  const truths = places.map(([way]) => way)
  return trials.map((trial, index) => ({ trial, ...fitTemperature(levels[String(index)]!, truths) }))
}

/** Of one example a class: the distances to it, of all ranges together. */
export function nearestMeans(ranges: readonly FeatureRange[]): FittedHeads {
  const trials = ranges.map((range) => trialOf(range, 'nearest mean'))
  return {
    metric: fusionOf(trials.map((trial) => ({ trial, temperature: temperatureOfOne }))),
    used: trials.map((trial) => ({ ...factsOf(trial), temperature: temperatureOfOne, crossEntropy: null })),
    dropped: [],
  }
}

function fusionOf(some: readonly { readonly trial: Trial; readonly temperature: number }[]): LevelFusion {
  const levels = some.map(({ trial: { features, head, level }, temperature }): WeightedLevel => {
    return { level: level(`${features} ${head}`), weight: 1, temperature }
  })
  return new LevelFusion(levels, 'product')
}

function described({ trial, temperature, losses }: Fit): FittedHead {
  return { ...factsOf(trial), temperature, crossEntropy: mean(losses) }
}

function factsOf({ features, head, lambda }: Trial): Pick<FittedHead, 'features' | 'head' | 'lambda'> {
  return { features, head, lambda }
}

function leastOf(fits: readonly Fit[]): Fit {
  return fits.reduce((best, fit) => (mean(fit.losses) < mean(best.losses) ? fit : best))
}
