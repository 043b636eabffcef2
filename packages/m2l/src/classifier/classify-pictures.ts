import { InputError } from '@m2l/engine'
import { notesOfSlowness } from '../recipe-data.js'
import type { Recipe } from '../recipe/read-recipe.js'
import type { Classification } from './classification.js'
import {
  unknownLabel,
  type ClassificationReport,
  type LeaveOneOutReport,
  type PicturePrediction,
} from './classification-report.js'
import { exampleNames } from '../classes/saved-classes.js'
import { isFeatureFile, readFeatures } from '../features/feature-file.js'
import { queryFeatures, supportOfFeatures } from '../features/feature-pictures.js'
import type { FeatureSet } from '../features/feature-set.js'
import { findClassNames } from '../class-names/find-class-names.js'
import { Familiarity } from './familiarity.js'
import { FewShotClassifier } from './few-shot-classifier.js'
import type { LeftOut } from './leave-one-out.js'
import { familiarityAuroc, measuredAccuracy } from './measure-predictions.js'
import { copyNotes, otherLabelNotes, ownExampleNotes, sameQueryNotes } from './notes.js'
import { PictureDigests } from './picture-digests.js'
import { queryPictures, type QueryPicture, type QueryPictures } from './query-pictures.js'
import type { ShotCounts } from './shot-counts.js'
import { addSupport, openSupport, type SupportPictures, type UnreadableExample } from './support-pictures.js'

/** What to classify by what. */
export interface ClassifyPicturesOptions {
  /**
   * A folder or archive of class folders, or a `.csv` table of `filename,label`; where classes are loaded, its examples are added
   * to them. Or a file of features, see `readFeatures`; then the pictures are files of features, too.
   */
  readonly support?: string | undefined
  /** A file of classes that `FewShotClassifier.save` wrote; needed where there is no `support`. */
  readonly load?: string | undefined
  /** The file that the classes are saved to as soon as the examples are there; what has that name is replaced. */
  readonly save?: string | undefined
  /** Folders, archives, tables and picture files, or files of features. Where folders are called like classes, it is measured how many are right. */
  readonly query: readonly string[]
  /** Shipped weights by name, or a checkpoint; those of loaded classes, else `cifar-fs-conv64f`, if not given. */
  readonly weights?: string
  /** See `ClassifierOptions`; of features the recipe whose levels compare them. */
  readonly recipe?: Recipe
  /** See `ClassifierOptions`. */
  readonly counts?: ShotCounts
  /** Takes weights that contradict the recipe. */
  readonly force?: boolean
  /** Pictures less familiar than this, from 0 to 1, are of no class; `auto` is .5, see `Familiarity`. All are if not given. */
  readonly unknown?: number | 'auto'
  /**
   * A file of the names of classes, see `readClassNames`; if none is given, one with a usual name is looked for in the folder of
   * the examples and beside it.
   */
  readonly labels?: string
  /** Of how many of the most probable classes the probabilities are reported; all if not given. */
  readonly top?: number
  readonly onProgress?: (what: 'examples' | 'pictures', done: number, total: number) => void
  /** Told what a person should know, a line each; the report has them too. */
  readonly onNote?: (line: string) => void
  readonly signal?: AbortSignal
}

/** What weights are taken where none are named: those for photographs. */
export const defaultWeights = 'cifar-fs-conv64f'

/**
 * Classifies pictures by folders of examples.
 *
 * @throws {InputError} when weights, examples or the places of pictures cannot be used, or a class has no example that can be
 *   read; single pictures and examples that cannot be read are only reported
 */
export async function classifyPictures(options: ClassifyPicturesOptions): Promise<ClassificationReport> {
  const started = performance.now()
  const threshold = thresholdOf(options.unknown)
  const top = topOf(options.top)
  const notes: string[] = []
  const tell = (lines: readonly string[]) => {
    notes.push(...lines)
    for (const line of lines) options.onNote?.(line)
  }
  const told = { onNote: (line: string) => tell([line]) }
  const { classifier, features } = await openClassifier({ ...options, ...told, ...notesOfSlowness(told) })
  let query: QueryPictures | undefined
  try {
    const opened = await openPictures(classifier, features, {
      ...options,
      tellsUnknown: threshold !== undefined,
    })
    query = opened.query
    tell(opened.notes)
    const { names, notes: nameNotes } = await findClassNames(opened.labels, {
      file: options.labels,
      beside: options.support,
    })
    tell(nameNotes)
    const examples = await opened.addExamples()
    if (options.save !== undefined) await classifier.save(options.save)
    const leftOut = await classifier.leaveOneOut(withSignal(options))
    const familiarity = threshold === undefined ? undefined : new Familiarity(leftOut)
    const { pictures } = query
    const seen = new PictureDigests()
    const results = await classifier.classifyReadable(
      pictures.map(({ file, image }) => seen.noting(image, file, { reduceTo: classifier.readsAt })),
      {
        onProgress: (done, total) => options.onProgress?.('pictures', done, total),
        ...withSignal(options),
      },
    )
    const predictions = pictures.flatMap((picture, index) => {
      const result = results[index]!
      if (result instanceof InputError) return []
      const known = familiarity && { familiarity: familiarity.of(result), threshold: threshold! }
      const isExample = seen.sameIn(examples.digests, picture.file) !== undefined
      const prediction = predictionOf(picture, result, { known, top, isExample })
      const displayName = Object.hasOwn(names, prediction.label) && names[prediction.label]
      return displayName ? { ...prediction, displayName } : prediction
    })
    tell([
      ...copyNotes(examples.digests, examples.files),
      ...ownExampleNotes(predictions),
      ...sameQueryNotes(seen, predictions),
    ])
    const classes = classifier.classes.map(({ label }) => label)
    return {
      weights: options.weights ?? classifier.saved.weights ?? `the features of ${options.support}`,
      classes: Object.fromEntries(classifier.classes.map(({ label, images }) => [label, images])),
      displayNames: names,
      predictions,
      ...measuredAccuracy(predictions, classes, familiarity !== undefined),
      otherLabels: query.otherLabels,
      unknown: familiarity
        ? {
            threshold: threshold!,
            examplesKept: share(leftOut.known, (image) => familiarity.of(image) >= threshold!),
            strangersFound: share(leftOut.strangers, (image) => familiarity.of(image) < threshold!),
            auroc: familiarityAuroc(predictions),
          }
        : null,
      leaveOneOut: leaveOneOutReport(leftOut.known, examples.files),
      unreadable: pictures.flatMap(({ file }, index) => {
        const result = results[index]
        return result instanceof InputError ? [{ file, reason: result.message }] : []
      }),
      unreadableExamples: examples.unreadable,
      notes,
      seconds: (performance.now() - started) / 1000,
    }
  } finally {
    await query?.close()
    classifier.dispose()
  }
}

/** Without examples, or with those of loaded classes; of features with them. */
async function openClassifier(
  options: ClassifyPicturesOptions,
): Promise<{ classifier: FewShotClassifier; features?: FeatureSet }> {
  const { load, support, weights } = options
  if (support !== undefined && isFeatureFile(support)) {
    if (load !== undefined || weights !== undefined) {
      throw new InputError(
        `${support}: are features, which are compared as they are; leave out ${load === undefined ? `the weights ${weights}` : `the classes of ${load}`}`,
      )
    }
    if (options.save !== undefined) {
      throw new InputError(
        `${options.save}: is not written, since ${support} keeps the features; name that again`,
      )
    }
    const features = await readFeatures(support)
    supportOfFeatures(features)
    return { classifier: await FewShotClassifier.ofFeatures(features, options), features }
  }
  const stray = options.query.find(isFeatureFile)
  if (stray !== undefined) {
    throw new InputError(
      `${stray}: are features, but the examples are pictures; embed them first (m2l embed)`,
    )
  }
  if (load !== undefined) return { classifier: await FewShotClassifier.open(load, options) }
  if (support !== undefined) {
    return { classifier: await FewShotClassifier.load(weights ?? defaultWeights, options) }
  }
  throw new InputError('expected examples: name a folder of class folders, or a file of saved classes')
}

/** The examples of a classifier. */
interface AddedExamples {
  readonly digests: PictureDigests
  /** The files of each class, as they were added. */
  readonly files: ReadonlyMap<string, readonly string[]>
  readonly unreadable: readonly UnreadableExample[]
}

/** Lists examples and pictures, so that mistakes in their places are told before anything is read. */
async function openPictures(
  classifier: FewShotClassifier,
  features: FeatureSet | undefined,
  { tellsUnknown, ...options }: ClassifyPicturesOptions & { readonly tellsUnknown: boolean },
): Promise<{
  query: QueryPictures
  labels: string[]
  notes: string[]
  addExamples(): Promise<AddedExamples>
}> {
  const loaded = classifier.classes.map(({ label }) => label)
  const support =
    options.support === undefined || features
      ? noSupport
      : await openSupport(options.support, classifier.readsAt, loaded.length > 0 ? 1 : 2)
  try {
    const labels = new Set([...loaded, ...support.classes.keys()])
    if (tellsUnknown && labels.has(unknownLabel)) {
      throw new InputError(
        `${options.support ?? options.load}: a class is called ${unknownLabel}, as pictures of no class are; rename ${options.support === undefined ? 'it' : 'its folder'}`,
      )
    }
    const query = features
      ? await queryFeatures(options.query, labels, features)
      : await queryPictures(options.query, labels)
    const { [unknownLabel]: _, ...strange } = query.otherLabels
    const others = tellsUnknown ? strange : query.otherLabels
    return {
      query: { ...query, otherLabels: others },
      labels: [...labels],
      notes: [
        ...support.notes,
        ...query.notes,
        ...query.placeNotes,
        ...otherLabelNotes(others, labels, tellsUnknown ? 'unknown' : 'unmeasured'),
      ],
      async addExamples() {
        try {
          const unreadable = await addSupport(classifier, support, {
            onProgress: (done, total) => options.onProgress?.('examples', done, total),
            ...withSignal(options),
          })
          return { ...examplesOf(classifier), unreadable }
        } finally {
          await support.close()
        }
      },
    }
  } catch (error) {
    await support.close()
    throw error
  }
}

const noSupport: SupportPictures = { classes: new Map(), notes: [], close: async () => {} }

function examplesOf({ examples }: FewShotClassifier): Pick<AddedExamples, 'digests' | 'files'> {
  const digests = new PictureDigests()
  const files = [...examples].map(([label, ofClass]) => {
    const names = exampleNames(label, ofClass).map((name, index) => {
      const own = digests.has(name) ? `${name} (again)` : name
      digests.set(own, ofClass[index]!.digest ?? undefined)
      return own
    })
    return [label, names] as const
  })
  return { digests, files: new Map(files) }
}

function withSignal({ signal }: Pick<ClassifyPicturesOptions, 'signal'>): { signal?: AbortSignal } {
  return signal ? { signal } : {}
}

function thresholdOf(unknown: ClassifyPicturesOptions['unknown']): number | undefined {
  if (unknown === undefined) return undefined
  if (unknown === 'auto') return 0.5
  if (typeof unknown === 'number' && unknown >= 0 && unknown <= 1) return unknown
  throw new InputError(`unknown is ${String(unknown)}; expected auto or a familiarity from 0 to 1`)
}

function topOf(top: number | undefined): number {
  if (top === undefined) return Infinity
  if (Number.isSafeInteger(top) && top >= 1) return top
  throw new InputError(`top is ${String(top)}; expected a whole number of classes, at least 1`)
}

function leaveOneOutReport(
  examples: readonly LeftOut[],
  files: AddedExamples['files'],
): LeaveOneOutReport | null {
  if (examples.length === 0) return null
  const mistakes = examples
    .filter(({ label, truth }) => label !== truth)
    .map(({ truth, position, label, probability }) => ({
      file: files.get(truth)![position]!,
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

interface PredictionOptions {
  readonly known: { readonly familiarity: number; readonly threshold: number } | undefined
  readonly top: number
  readonly isExample: boolean
}

function predictionOf(
  { file, truth }: QueryPicture,
  result: Classification,
  { known, top, isExample }: PredictionOptions,
): PicturePrediction {
  const way = result.labels.indexOf(result.label)
  const levels = Object.entries(result.levels).map(([name, { label, probability, scores }]) => [
    name,
    { label, probability, score: scores[way]! },
  ])
  const probabilities = result.labels
    .map((label, index) => ({ label, probability: result.probabilities[index]! }))
    .toSorted((a, b) => b.probability - a.probability)
  return {
    file,
    label: known && known.familiarity < known.threshold ? unknownLabel : result.label,
    probability: result.probability,
    probabilities: probabilities.slice(0, top),
    levels: Object.fromEntries(levels) as PicturePrediction['levels'],
    ...(known && { nearest: result.label, familiarity: known.familiarity }),
    ...(truth !== undefined && (truth !== null || known) && { truth: truth ?? unknownLabel }),
    ...(isExample && { isExample: true }),
  }
}

function share<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  return items.filter(holds).length / items.length
}
