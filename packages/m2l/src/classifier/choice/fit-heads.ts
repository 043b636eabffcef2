import { LevelFusion, type WeightedLevel } from '@m2l/metric'
import { centredLevel } from '@m2l/metric-head'
import { imageCount } from '../embedded-images.js'
import type { LabelledImages } from '../labelled-images.js'
import { examplesByOthers, spreadPlaces } from '../leave-one-out-scores.js'
import type { Scores } from '../scores.js'
import type { ShotCounts } from '../shot-counts.js'
import { fitTemperature, mean, type FittedTemperature } from './temperature.js'

/** Features that lie side by side in an embedding's map: those of a stage of a network. */
export interface FeatureRange {
  readonly name: string
  readonly channels: readonly [start: number, end: number]
}

/** Heads that were fitted to examples, each to one range of features. */
export interface FittedHeads {
  readonly metric: LevelFusion
  readonly head: 'nearest mean' | 'ridge'
  /** The ranges whose heads are used, with what was chosen for each. */
  readonly used: readonly FittedHead[]
  /** Those that examples showed to be worse. */
  readonly dropped: readonly FittedHead[]
}

/** What was chosen for a range of features. */
export interface FittedHead {
  readonly name: string
  /** How strongly weights are held near zero; null where nothing was fitted. */
  readonly lambda: number | null
  readonly temperature: number
  /** The mean cross entropy of examples by the others, in nats; null where nothing can be left out. */
  readonly crossEntropy: number | null
}

/** From weak to strong, half a decade apart: features are of unit length. */
const lambdas = [0.03, 0.1, 0.3, 1, 3]

/** Of one example a class no temperature can be fitted: that of squared distances between unit features, see `nearest-mean`. */
const temperatureOfOne = 0.1

/** A head is left out where it is worse than the best by more standard errors than this. */
const mostStandardErrors = 2

/**
 * Chooses heads by what examples say of each other, each left out in turn: for each range of features how strongly a ridge
 * regression is held and at which temperature it speaks, then which ranges speak. Those that are not clearly worse than the best
 * do, together: with a handful of examples the best is known badly, and the mean of good ones is as good as the best of them.
 * Where every class has one example, nothing is chosen: class means, all ranges.
 *
 * @param classes two or more
 * @throws {InputError} when scores are not finite
 * @throws the signal's reason when it is aborted
 */
export async function fitHeads(
  classes: LabelledImages,
  ranges: readonly FeatureRange[],
  options: { readonly counts: ShotCounts; readonly signal?: AbortSignal | undefined },
): Promise<FittedHeads> {
  const places = spreadPlaces(classes).filter(([way]) => imageCount([...classes.values()][way]!) > 1)
  if (places.length === 0) return nearestMeans(ranges)
  const tried = ranges.flatMap((range) =>
    lambdas.map((lambda) => ({ range, lambda, name: `${range.name} ${lambda}` })),
  )
  const all = new LevelFusion(
    tried.map(({ name, lambda, range: { channels } }) =>
      weighted(centredLevel({ name, lambda, channels }), 1),
    ),
  )
  const scores = await examplesByOthers(all, classes, places, options)
  const truths = places.map(([way]) => way)
  const fitted = ranges.map((range) => {
    const fits = tried
      .filter((one) => one.range === range)
      .map(({ name, lambda }) => ({ range, lambda, ...fitOf(scores, name, truths) }))
    return fits.reduce((best, fit) => (mean(fit.losses) < mean(best.losses) ? fit : best))
  })
  const best = fitted.reduce((a, b) => (mean(b.losses) < mean(a.losses) ? b : a))
  const isUsed = (fit: FittedTemperature) => !isClearlyWorse(fit.losses, best.losses)
  const described = ({
    range: { name },
    lambda,
    temperature,
    losses,
  }: (typeof fitted)[number]): FittedHead => ({
    name,
    lambda,
    temperature,
    crossEntropy: mean(losses),
  })
  const levels = fitted
    .filter(isUsed)
    .map(({ range: { name, channels }, lambda, temperature }) =>
      weighted(centredLevel({ name, lambda, channels }), temperature),
    )
  return {
    metric: new LevelFusion(levels, 'product'),
    head: 'ridge',
    used: fitted.filter(isUsed).map(described),
    dropped: fitted.filter((fit) => !isUsed(fit)).map(described),
  }
}

function nearestMeans(ranges: readonly FeatureRange[]): FittedHeads {
  const levels = ranges.map((range) => weighted(centredLevel(range), temperatureOfOne))
  const used = ranges.map(({ name }) => ({
    name,
    lambda: null,
    temperature: temperatureOfOne,
    crossEntropy: null,
  }))
  return { metric: new LevelFusion(levels, 'product'), head: 'nearest mean', used, dropped: [] }
}

function weighted(level: WeightedLevel['level'], temperature: number): WeightedLevel {
  return { level, weight: 1, temperature }
}

function fitOf({ levels }: Scores, name: string, truths: readonly number[]): FittedTemperature {
  return fitTemperature(levels[name]!, truths)
}

/** Whether losses are higher than others of the same examples by more than chance explains. */
function isClearlyWorse(losses: readonly number[], others: readonly number[]): boolean {
  const differences = losses.map((loss, index) => loss - others[index]!)
  const centre = mean(differences)
  const squares = differences.reduce((sum, difference) => sum + (difference - centre) ** 2, 0)
  const count = differences.length
  if (count < 2) return false
  return centre > mostStandardErrors * Math.sqrt(squares / (count - 1) / count)
}
