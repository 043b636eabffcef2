import type { Classification } from '@m2l/classifier'
import { InputError } from '@m2l/engine'
import type { DisplayNames } from '../class-names/class-names.js'
import { unknownLabel, type PicturePrediction } from './classification-report.js'
import type { QueryPicture } from './query-pictures.js'

/** What becomes of the classification of a picture. */
export interface PredictionOptions {
  /**
   * How familiar the picture is, and below what it is of no class; nothing where unknown pictures are not
   * told.
   */
  readonly known: { readonly familiarity: number; readonly threshold: number } | undefined
  /** Of how many of the most probable classes the probabilities are told. */
  readonly top: number
  readonly isExample: boolean
  readonly displayNames: DisplayNames
}

/** What is said of a picture. */
export function predictionOf(
  { file, truth }: QueryPicture,
  result: Classification,
  { known, top, isExample, displayNames }: PredictionOptions,
): PicturePrediction {
  const way = result.labels.indexOf(result.label)
  const levels = Object.entries(result.levels).map(([name, { label, probability, scores }]) => [
    name,
    { label, probability, score: scores[way]! },
  ])
  const probabilities = result.labels
    .map((label, index) => ({ label, probability: result.probabilities[index]! }))
    .toSorted((a, b) => b.probability - a.probability)
  const label = known && known.familiarity < known.threshold ? unknownLabel : result.label
  return {
    file,
    label,
    ...(Object.hasOwn(displayNames, label) && { displayName: displayNames[label]! }),
    probability: result.probability,
    probabilities: probabilities.slice(0, top),
    levels: Object.fromEntries(levels) as PicturePrediction['levels'],
    ...(known && { nearest: result.label, familiarity: known.familiarity }),
    ...(truth !== undefined && (truth !== null || known) && { truth: truth ?? unknownLabel }),
    ...(isExample && { isExample: true }),
  }
}

/**
 * The familiarity below which pictures are unknown; nothing where all are of some class.
 *
 * @throws {InputError} when it is neither `auto` nor a number from 0 to 1
 */
export function thresholdOf(unknown: number | 'auto' | undefined): number | undefined {
  if (unknown === undefined) return undefined
  if (unknown === 'auto') return 0.5
  if (typeof unknown === 'number' && unknown >= 0 && unknown <= 1) return unknown
  throw new InputError(`unknown is ${String(unknown)}; expected auto or a familiarity from 0 to 1`)
}

/** @throws {InputError} when it is no number of classes */
export function topOf(top: number | undefined): number {
  if (top === undefined) return Infinity
  if (Number.isSafeInteger(top) && top >= 1) return top
  throw new InputError(`top is ${String(top)}; expected a whole number of classes, at least 1`)
}
