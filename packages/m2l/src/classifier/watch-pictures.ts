import { fileImage } from './file-image.js'
import { type Classification, Familiarity, PictureDigests } from '@m2l/classifier'
import { lstat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { InputError } from '@m2l/engine'
import { findClassNames } from '../class-names/find-class-names.js'
import { isFeatureFile } from '../features/feature-file.js'
import { notesOfSlowness } from '../data/recipe-data.js'
import { arrivals, requireFolder, type ArrivalOptions } from './arrivals.js'
import type { PicturePrediction } from './classification-report.js'
import type { FewShotClassifier } from './file-classifier.js'
import { singleExampleNotes } from './notes.js'
import { openClassifier, openExamples, type ClassifyByOptions } from './open-examples.js'
import { predictionOf, thresholdOf, topOf } from './picture-prediction.js'
import { requirePlaces } from './require-places.js'
import type { UnreadableExample } from './support-pictures.js'

/** What to watch, and by what pictures are classified. */
export interface WatchPicturesOptions extends ClassifyByOptions {
  /** The folder in which pictures arrive. */
  readonly folder: string
  /** Called when the classifier is ready and everything that arrives from now on is answered. */
  readonly onReady?: (ready: WatchedBy) => void
  /** Told files that arrive and are no pictures by their names. */
  readonly onPassedOver?: ArrivalOptions['onPassedOver']
}

/** By what the pictures of a folder are classified as they arrive. */
export interface WatchedBy {
  readonly weights: string
  /** The number of examples, by class. */
  readonly classes: Readonly<Record<string, number>>
  /** Examples that could not be read. */
  readonly unreadableExamples: readonly UnreadableExample[]
}

/** A picture that has arrived: what is said of it, or why it cannot be read. */
export type ArrivedPicture = PicturePrediction | { readonly file: string; readonly reason: string }

/** How long a picture that cannot be read may still be on its way, in milliseconds. */
const patience = 1500

/**
 * Classifies the pictures that arrive in a folder, each when it is whole. One that is rewritten is answered
 * again; one that is gone before it is read is passed over.
 *
 * @throws {InputError} when weights, examples or the folder cannot be used
 * @throws the signal's reason when it is aborted
 */
export async function* watchPictures(options: WatchPicturesOptions): AsyncGenerator<ArrivedPicture> {
  const { folder, support, signal } = options
  if (support !== undefined && isFeatureFile(support)) {
    throw new InputError(
      `${support}: are features, which pictures cannot be compared with; name the examples`,
    )
  }
  const threshold = thresholdOf(options.unknown)
  const top = topOf(options.top)
  const told = { onNote: (line: string) => options.onNote?.(line) }
  await requireFolder(folder)
  await requirePlaces(options)
  const { classifier } = await openClassifier({ ...options, ...notesOfSlowness(told) })
  try {
    const opened = await openExamples(classifier, undefined, options)
    for (const note of opened.notes) told.onNote(note)
    const { names: displayNames, notes } = await findClassNames([...opened.labels], {
      file: options.labels,
      beside: support,
    })
    for (const note of notes) told.onNote(note)
    const examples = await opened.add()
    for (const note of singleExampleNotes(classifier.classes)) told.onNote(note)
    const familiarity =
      threshold === undefined
        ? undefined
        : new Familiarity(await classifier.leaveOneOut(signal ? { signal } : {}))
    const onReady = () =>
      options.onReady?.({
        weights: classifier.weights!,
        classes: Object.fromEntries(classifier.classes.map(({ label, images }) => [label, images])),
        unreadableExamples: examples.unreadable,
      })
    const arriving = arrivals(folder, {
      onReady,
      onPassedOver: options.onPassedOver,
      signal,
    })
    for await (const files of arriving) {
      const digests = new PictureDigests()
      for await (const [file, result] of classifiedWhenWhole(classifier, files, digests, signal)) {
        if (result instanceof InputError) {
          yield { file, reason: result.message }
          continue
        }
        const known = familiarity && { familiarity: familiarity.of(result), threshold: threshold! }
        const isExample = digests.sameIn(examples.digests, file) !== undefined
        yield predictionOf({ file, image: fileImage(file) }, result, { known, top, isExample, displayNames })
      }
    }
  } finally {
    classifier.dispose()
  }
}

/**
 * What is said of files; those that cannot be read are read once more a little later, since they may not be
 * whole yet.
 */
async function* classifiedWhenWhole(
  classifier: FewShotClassifier,
  files: readonly string[],
  digests: PictureDigests,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly [file: string, result: Classification | InputError]> {
  const classified = async (some: readonly string[]) => {
    const images = some.map((file) => digests.noting(fileImage(file), file, { reduceTo: classifier.readsAt }))
    const results = await classifier.classifyReadable(images, signal ? { signal } : {})
    return some.map((file, index) => [file, results[index]!] as const)
  }
  const first = await classified(files)
  yield* first.filter(([, result]) => !(result instanceof InputError))
  const failed = first.flatMap(([file, result]) => (result instanceof InputError ? [file] : []))
  if (failed.length === 0) return
  await sleep(patience, undefined, signal ? { signal } : {})
  const there = await Promise.all(failed.map((file) => lstat(file).then(Boolean, () => false)))
  yield* await classified(failed.filter((_, index) => there[index]))
}
