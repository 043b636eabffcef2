import { InputError } from '@m2l/engine'
import type { Recipe } from '../recipe/read-recipe.js'
import type { Classification } from './classification.js'
import { Familiarity } from './familiarity.js'
import { FewShotClassifier } from './few-shot-classifier.js'
import type { LeftOut } from './leave-one-out.js'
import { queryPictures, liesIn, type QueryPicture } from './query-pictures.js'
import { auroc, wilson95 } from './ranking.js'
import { addSupport, openSupport, type SupportPictures } from './support-pictures.js'

/** What to classify by what. */
export interface ClassifyPicturesOptions {
  /** A folder or archive of class folders, or a `.csv` table of `filename,label`. */
  readonly support: string
  /** Folders, tables and picture files. Where folders are called like classes, it is measured how many are right. */
  readonly query: readonly string[]
  /** Shipped weights by name, or a checkpoint; `cifar-fs-conv64f` if not given. */
  readonly weights?: string
  /** See `ClassifierOptions`. */
  readonly recipe?: Recipe
  /** Pictures less familiar than this, from 0 to 1, are of no class; `auto` is .5, see `Familiarity`. All are if not given. */
  readonly unknown?: number | 'auto'
  readonly onProgress?: (what: 'examples' | 'pictures', done: number, total: number) => void
  /** Told what a person should know, a line each. */
  readonly onNote?: (line: string) => void
  readonly signal?: AbortSignal
}

/** What is said of a picture. */
export interface PicturePrediction {
  readonly file: string
  /** The class, or `unknown`. */
  readonly label: string
  /** The probability of the nearest class among all, from 0 to 1. */
  readonly probability: number
  /** What each level says alone: its class with the probability, and its score of the nearest class of all levels. */
  readonly levels: Readonly<Record<string, { label: string; probability: number; score: number }>>
  /** Only where unknown pictures are told: the nearest class, and how familiar the picture is, from 0 to 1. */
  readonly nearest?: string
  readonly familiarity?: number
  /** The class by its place; where unknown pictures are told, `unknown` for no class. Only where the place says it. */
  readonly truth?: string
}

/** What came of it; accuracies are fractions of 1. */
export interface ClassificationReport {
  readonly weights: string
  /** The number of examples, by class. */
  readonly classes: Readonly<Record<string, number>>
  readonly predictions: readonly PicturePrediction[]
  /** Of the pictures whose class is known; null where there is none. */
  readonly accuracy: number | null
  /** Its 95 % interval, by Wilson's score. */
  readonly interval95: readonly [low: number, high: number] | null
  /** The share of each class's pictures that are right; only classes that have some. */
  readonly perClass: Readonly<Record<string, number>>
  /** How many pictures of each class (a row) were given each label (a column). */
  readonly confusion: {
    readonly labels: readonly string[]
    readonly counts: readonly (readonly number[])[]
  } | null
  /** Only where unknown pictures are told. */
  readonly unknown: UnknownReport | null
  /** How many examples the others recognise when each is left out in turn; null where no class has two. */
  readonly leaveOneOut: LeaveOneOutReport | null
  /** Pictures that could not be read, and why. */
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[]
  readonly seconds: number
}

/** What examples say of each other, each left out in turn. */
export interface LeaveOneOutReport {
  /** How many were left out. */
  readonly images: number
  /** The share of them that the others recognise. */
  readonly accuracy: number
  /** Those that the others take for another class, the surest first. */
  readonly mistakes: readonly MistakenExample[]
}

/** An example that the others take for another class: wrongly sorted, or hard. */
export interface MistakenExample {
  readonly file: string
  /** The class that it was given for. */
  readonly truth: string
  /** The class that it was taken for. */
  readonly label: string
  /** The probability of that class, from 0 to 1. */
  readonly probability: number
}

/** How unknown pictures are told. */
export interface UnknownReport {
  readonly threshold: number
  /** The share of examples at or above it, left out one by one. */
  readonly examplesKept: number
  /** The share of examples below it, left out with their whole class. */
  readonly strangersFound: number
  /** How well familiarity tells the pictures of the classes from others; null where their places do not say. */
  readonly auroc: number | null
}

/** What weights are taken where none are named: those for photographs. */
export const defaultWeights = 'cifar-fs-conv64f'

/** What pictures of no class are called. */
export const unknownLabel = 'unknown'

/**
 * Classifies pictures by folders of examples.
 *
 * @throws {InputError} when weights, examples or the places of pictures cannot be used; pictures that cannot be read are only
 *   reported
 */
export async function classifyPictures(options: ClassifyPicturesOptions): Promise<ClassificationReport> {
  const started = performance.now()
  const { weights = defaultWeights, onNote, onProgress, signal } = options
  const threshold = thresholdOf(options.unknown)
  const classifier = await FewShotClassifier.load(weights, options)
  try {
    const support = await openSupport(options.support, classifier.readsAt)
    let pictures: readonly QueryPicture[]
    try {
      if (threshold !== undefined && support.classes.has(unknownLabel)) {
        throw new InputError(
          `${options.support}: a class is called ${unknownLabel}, as pictures of no class are; rename its folder`,
        )
      }
      const query = await queryPictures(options.query, new Set(support.classes.keys()))
      pictures = query.pictures
      const own = options.query.filter((path) => liesIn(options.support, path))
      for (const note of [...support.notes, ...query.notes]) onNote?.(note)
      for (const path of own)
        onNote?.(`${path} lies in ${options.support}: its pictures are examples themselves`)
      await addSupport(classifier, support, {
        onProgress: (done, total) => onProgress?.('examples', done, total),
        ...(signal && { signal }),
      })
    } finally {
      await support.close()
    }
    const examples = await classifier.leaveOneOut({ ...(signal && { signal }) })
    const familiarity = threshold === undefined ? undefined : new Familiarity(examples)
    const results = await classifier.classifyReadable(
      pictures.map(({ file }) => file),
      {
        onProgress: (done, total) => onProgress?.('pictures', done, total),
        ...(signal && { signal }),
      },
    )
    const unreadable = pictures.flatMap(({ file }, index) => {
      const result = results[index]
      return result instanceof InputError ? [{ file, reason: result.message }] : []
    })
    const predictions = pictures.flatMap((picture, index) => {
      const result = results[index]!
      if (result instanceof InputError) return []
      const known = familiarity && { familiarity: familiarity.of(result), threshold: threshold! }
      return predictionOf(picture, result, known)
    })
    return {
      weights,
      classes: Object.fromEntries(classifier.classes.map(({ label, images }) => [label, images])),
      predictions,
      ...measured(
        predictions,
        classifier.classes.map(({ label }) => label),
        threshold !== undefined,
      ),
      unknown: familiarity
        ? {
            threshold: threshold!,
            examplesKept: share(examples.known, (image) => familiarity.of(image) >= threshold!),
            strangersFound: share(examples.strangers, (image) => familiarity.of(image) < threshold!),
            auroc: aurocOf(predictions),
          }
        : null,
      leaveOneOut: leaveOneOutReport(examples.known, support),
      unreadable,
      seconds: (performance.now() - started) / 1000,
    }
  } finally {
    classifier.dispose()
  }
}

function leaveOneOutReport(
  examples: readonly LeftOut[],
  { nameOf }: Pick<SupportPictures, 'nameOf'>,
): LeaveOneOutReport | null {
  if (examples.length === 0) return null
  const mistakes = examples
    .filter(({ label, truth }) => label !== truth)
    .map(({ truth, position, label, probability }) => ({
      file: nameOf(truth, position),
      truth,
      label,
      probability,
    }))
    .toSorted((a, b) => b.probability - a.probability)
  return {
    images: examples.length,
    accuracy: (examples.length - mistakes.length) / examples.length,
    mistakes,
  }
}

function thresholdOf(unknown: ClassifyPicturesOptions['unknown']): number | undefined {
  if (unknown === undefined) return undefined
  if (unknown === 'auto') return 0.5
  if (unknown >= 0 && unknown <= 1) return unknown
  throw new InputError(`unknown is ${unknown}; expected auto or a familiarity from 0 to 1`)
}

function predictionOf(
  { file, truth }: QueryPicture,
  result: Classification,
  known: { familiarity: number; threshold: number } | undefined,
): PicturePrediction {
  const way = result.labels.indexOf(result.label)
  const levels = Object.entries(result.levels).map(([name, { label, probability, scores }]) => [
    name,
    { label, probability, score: scores[way]! },
  ])
  return {
    file,
    label: known && known.familiarity < known.threshold ? unknownLabel : result.label,
    probability: result.probability,
    levels: Object.fromEntries(levels) as PicturePrediction['levels'],
    ...(known && { nearest: result.label, familiarity: known.familiarity }),
    ...(truth !== undefined && (truth !== null || known) && { truth: truth ?? unknownLabel }),
  }
}

/** How many of the pictures whose class is known are right. */
function measured(
  predictions: readonly PicturePrediction[],
  classes: readonly string[],
  tellsUnknown: boolean,
): Pick<ClassificationReport, 'accuracy' | 'interval95' | 'perClass' | 'confusion'> {
  const labelled = predictions.filter(({ truth }) => truth !== undefined)
  if (labelled.length === 0) return { accuracy: null, interval95: null, perClass: {}, confusion: null }
  const labels = tellsUnknown ? [...classes, unknownLabel] : classes
  const indexOf = new Map(labels.map((label, index) => [label, index]))
  const counts = labels.map(() => labels.map(() => 0))
  for (const { truth, label } of labelled) counts[indexOf.get(truth!)!]![indexOf.get(label)!]! += 1
  const right = labels.reduce((sum, _, index) => sum + counts[index]![index]!, 0)
  const perClass = labels.flatMap((label, index) => {
    const images = counts[index]!.reduce((sum, count) => sum + count, 0)
    return images === 0 ? [] : [[label, counts[index]![index]! / images]]
  })
  return {
    accuracy: right / labelled.length,
    interval95: wilson95(right, labelled.length),
    perClass: Object.fromEntries(perClass) as Record<string, number>,
    confusion: { labels, counts },
  }
}

function aurocOf(predictions: readonly PicturePrediction[]): number | null {
  const of = (isUnknown: boolean) =>
    predictions.flatMap(({ truth, familiarity }) =>
      truth !== undefined && (truth === unknownLabel) === isUnknown ? [familiarity!] : [],
    )
  return auroc(of(false), of(true))
}

function share<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  return items.filter(holds).length / items.length
}
