import {
  canCalibrate,
  type Classification,
  type EmbeddedBatch,
  Familiarity,
  type FeatureSet,
  labelNext,
  type LeftOut,
  PictureDigests,
  PictureFeatures,
  type Unlabelled,
  usualLabelNext,
} from '@m2l/classifier'
import { InputError } from '@m2l/engine'
import { findClassNames } from '../class-names/find-class-names.js'
import { isFeatureFile } from '../features/feature-file.js'
import { queryFeatures } from '../features/feature-pictures.js'
import { notesOfSlowness } from '../data/recipe-data.js'
import { alikeNotes } from './alike-examples.js'
import { unknownLabel, type ClassificationReport, type LeaveOneOutReport } from './classification-report.js'
import type { FewShotClassifier } from './file-classifier.js'
import { familiarityAuroc, measuredAccuracy, measuredUnknown } from './measure-predictions.js'
import { copyNotes, otherLabelNotes, ownExampleNotes, sameQueryNotes, singleExampleNotes } from './notes.js'
import { openClassifier, openExamples, type AddedExamples, type ClassifyByOptions } from './open-examples.js'
import { predictionOf, thresholdOf, topOf } from './picture-prediction.js'
import { queryPictures, type QueryPictures } from './query-pictures.js'
import { requirePlaces } from './require-places.js'

/** What to classify by what. */
export interface ClassifyPicturesOptions extends ClassifyByOptions {
  /**
   * Folders, archives, tables and picture files, or files of features. Where folders are called like classes,
   * it is measured how many are right.
   */
  readonly query: readonly string[]
  /** How many pictures are proposed to be labelled next; 5 if not given. */
  readonly labelNext?: number
}

/**
 * Classifies pictures by folders of examples.
 *
 * @throws {InputError} when weights, examples or the places of pictures cannot be used, or a class has no
 *   example that can be read; single pictures and examples that cannot be read are only reported
 */
export async function classifyPictures(options: ClassifyPicturesOptions): Promise<ClassificationReport> {
  const started = performance.now()
  const threshold = thresholdOf(options.unknown)
  const top = topOf(options.top)
  const proposed = options.labelNext ?? usualLabelNext
  if (!Number.isSafeInteger(proposed) || proposed < 0) {
    throw new InputError(`labelNext is ${String(proposed)}; expected a whole number of pictures, at least 0`)
  }
  const notes: string[] = []
  const tell = (lines: readonly string[]) => {
    notes.push(...lines)
    for (const line of lines) options.onNote?.(line)
  }
  const told = { onNote: (line: string) => tell([line]) }
  await requirePlaces(options, options.query)
  const { classifier, features } = await openClassifier({ ...options, ...told, ...notesOfSlowness(told) })
  let query: QueryPictures | undefined
  try {
    const opened = await openPictures(classifier, features, options)
    query = opened.query
    tell(opened.notes)
    const { names, notes: nameNotes } = await findClassNames(opened.labels, {
      file: options.labels,
      beside: options.support,
    })
    tell(nameNotes)
    const examples = await opened.addExamples()
    tell(singleExampleNotes(classifier.classes))
    const choice = await classifier.choose(withSignal(options))
    if (choice.by !== null || choice.heads.length > 0) tell([choice.reason])
    tell(alikeNotes((await classifier.saved()).classes))
    const leftOut = await classifier.leaveOneOut(withSignal(options))
    const familiarity = threshold === undefined ? undefined : new Familiarity(leftOut)
    const calibrated = familiarity ?? (canCalibrate(leftOut) ? new Familiarity(leftOut) : undefined)
    const { pictures } = query
    const seen = new PictureDigests()
    const embedded = new PictureFeatures()
    const results = await classifier.classifyReadable(
      pictures.map(({ file, image }) => seen.noting(image, file, { reduceTo: classifier.readsAt })),
      {
        onProgress: (done, total) => options.onProgress?.('pictures', done, total),
        onEmbedded: proposed > 0 ? (batch: EmbeddedBatch) => embedded.note(batch) : undefined,
        ...withSignal(options),
      },
    )
    const predictions = pictures.flatMap((picture, index) => {
      const result = results[index]!
      if (result instanceof InputError) return []
      const known = familiarity && { familiarity: familiarity.of(result), threshold: threshold! }
      const isExample = seen.sameIn(examples.digests, picture.file) !== undefined
      return predictionOf(picture, result, { known, top, isExample, displayNames: names })
    })
    tell([
      ...copyNotes(examples.digests, examples.files),
      ...ownExampleNotes(predictions),
      ...sameQueryNotes(seen, predictions),
    ])
    const classes = classifier.classes.map(({ label }) => label)
    return {
      weights: choice.weights ?? `the features of ${options.support}`,
      choice,
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
            ...measuredUnknown(predictions),
          }
        : null,
      leaveOneOut: leaveOneOutReport(leftOut.known, examples.files),
      labelNext: labelNext(
        proposed === 0
          ? []
          : pictures.flatMap(({ file }, index) => {
              const result = results[index]!
              const isOwn = seen.sameIn(examples.digests, file) !== undefined
              if (result instanceof InputError || isOwn) return []
              return [
                unlabelled(file, result, {
                  digest: seen.of(file),
                  familiarity: calibrated?.of(result),
                  feature: embedded.at(index),
                }),
              ]
            }),
        proposed,
      ),
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

function unlabelled(
  file: string,
  { labels, probabilities }: Classification,
  others: Pick<Unlabelled, 'digest' | 'familiarity' | 'feature'>,
): Unlabelled {
  const classes = labels.map((label, index) => ({ label, probability: probabilities[index]! }))
  return { file, nearest: classes.toSorted((a, b) => b.probability - a.probability).slice(0, 2), ...others }
}

function withSignal({ signal }: Pick<ClassifyPicturesOptions, 'signal'>): { signal?: AbortSignal } {
  return signal ? { signal } : {}
}

/** Lists examples and pictures, so that mistakes in their places are told before anything is read. */
async function openPictures(
  classifier: FewShotClassifier,
  features: FeatureSet | undefined,
  options: ClassifyPicturesOptions,
): Promise<{
  query: QueryPictures
  labels: string[]
  notes: string[]
  addExamples(): Promise<AddedExamples>
}> {
  const examples = await openExamples(classifier, features, options)
  const { labels } = examples
  const tellsUnknown = options.unknown !== undefined
  try {
    const query = features
      ? await queryFeatures(options.query, labels, features)
      : await queryPictures(withoutFeatures(options.query), labels)
    const { [unknownLabel]: _, ...strange } = query.otherLabels
    const others = tellsUnknown ? strange : query.otherLabels
    return {
      query: { ...query, otherLabels: others },
      labels: [...labels],
      notes: [
        ...examples.notes,
        ...query.notes,
        ...query.placeNotes,
        ...otherLabelNotes(others, labels, tellsUnknown ? 'unknown' : 'unmeasured'),
      ],
      addExamples: () => examples.add(),
    }
  } catch (error) {
    await examples.close()
    throw error
  }
}

/** @throws {InputError} when a path is one of features, which pictures are not compared with */
function withoutFeatures(paths: readonly string[]): readonly string[] {
  const features = Array.isArray(paths) ? paths.find(isFeatureFile) : undefined
  if (features === undefined) return paths
  throw new InputError(
    `${features}: are features, but the examples are pictures; embed them first (npx m2l embed)`,
  )
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

function share<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  return items.filter(holds).length / items.length
}
