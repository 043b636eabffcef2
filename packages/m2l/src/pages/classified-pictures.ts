import { type LabelNext, readGivenImage } from '@m2l/classifier'
import type { RgbImage } from '@m2l/pictures'
import { table, thumbnail, type Html, type PictureRow, type ShownPicture } from '@m2l/report'
import { ClassNames } from '../class-names/class-names.js'
import {
  unknownLabel,
  type ClassificationReport,
  type MistakenExample,
  type PicturePrediction,
} from '../classifier/classification-report.js'
import { openSupport } from '../classifier/support-pictures.js'
import { doubtfulFirst, isMistake, leadOf } from './doubt.js'
import { percent } from './numbers.js'
import { tellingNames } from './telling-names.js'

/** How much of each class is shown, and of how many classes. */
export const mostOfClass = { examples: 4, pictures: 12 }
const mostClasses = 60

/** Pictures are read for a page with a shorter side of so many pixels, and shown half as large. */
export const readAt = 192

/** The pixels of a picture that was classified. */
export type ReadPicture = (file: string) => Promise<RgbImage>

/** What people call the classes of a report. */
export function namesOf({ displayNames, classes }: ClassificationReport): (label: string) => string {
  return new ClassNames(displayNames, [...Object.keys(classes), unknownLabel]).of
}

/** What stands below a picture. */
interface ShownOptions {
  readonly caption: (prediction: PicturePrediction) => readonly string[]
  /** The names of files, as `tellingNames` makes them. */
  readonly names: ReadonlyMap<string, string>
}

/** What a picture was taken for, with its probability; of no class, what it is nearest to. */
export function takenFor(
  { label, nearest, probability }: PicturePrediction,
  called: (label: string) => string,
): string {
  if (label === unknownLabel) return `${called(label)}, nearest to ${called(nearest!)}`
  return `${called(label)} ${shownPercent(probability)}`
}

function shownPercent(probability: number): string {
  return `${percent(probability)}\u{A0}%`
}

/** Small copies of pictures with their names and what was predicted of them. */
export function shownPredictions(
  predictions: readonly PicturePrediction[],
  read: ReadPicture,
  { caption, names }: ShownOptions,
): Promise<ShownPicture[]> {
  return Promise.all(
    predictions.map(async (one) => ({
      picture: await thumbnail(await read(one.file)),
      name: one.file,
      caption: [...caption(one), names.get(one.file)!],
      ...(one.truth !== undefined && {
        mark: one.truth === one.label ? ('right' as const) : ('wrong' as const),
      }),
    })),
  )
}

/** Small copies of pictures that are worth a label, with the reasons. */
export function picturesToLabel(
  pictures: readonly LabelNext[],
  read: ReadPicture,
  names: ShownOptions['names'],
): Promise<ShownPicture[]> {
  return Promise.all(
    pictures.map(async ({ file, why }) => ({
      picture: await thumbnail(await read(file)),
      name: file,
      caption: [why, names.get(file)!],
    })),
  )
}

/**
 * A row for each class: examples, and the most doubtful of the pictures that were taken for it.
 *
 * @param path the examples; those of loaded classes have no pictures
 */
export async function rowsOfClasses(
  report: ClassificationReport,
  path: string | undefined,
  read: ReadPicture,
  names: ShownOptions['names'],
): Promise<PictureRow[]> {
  const { classes, predictions, unreadableExamples } = report
  const damaged = new Set(unreadableExamples.map(({ file }) => file))
  const called = namesOf(report)
  const found = (label: string) =>
    shownPredictions(
      doubtfulFirst(predictions.filter((one) => one.label === label)).slice(0, mostOfClass.pictures),
      read,
      {
        names,
        caption: (one) => [
          label === unknownLabel ? takenFor(one, called) : shownPercent(one.probability),
          ...(isMistake(one) ? [`is ${called(one.truth!)}`] : []),
        ],
      },
    )
  const support = path === undefined ? undefined : await openSupport(path, readAt, 1)
  try {
    const rows: PictureRow[] = []
    for (const label of Object.keys(classes).slice(0, mostClasses)) {
      const readable = (support?.classes.get(label) ?? []).filter(({ name }) => !damaged.has(name))
      const exampleNames = tellingNames(readable.map(({ name }) => name))
      const examples = await Promise.all(
        readable.slice(0, mostOfClass.examples).map(async (image) => ({
          picture: await thumbnail(await readGivenImage(image, image.name, { reduceTo: readAt })),
          name: `example of ${called(label)}`,
          caption: exampleNames.get(image.name)!,
        })),
      )
      rows.push({ name: called(label), groups: [examples, await found(label)] })
    }
    const unknown = await found(unknownLabel)
    return unknown.length > 0 ? [...rows, { name: unknownLabel, groups: [[], unknown] }] : rows
  } finally {
    await support?.close()
  }
}

/** Examples that the others take for another class, with both. */
export async function mistakenExamples(
  mistakes: readonly MistakenExample[],
  path: string,
  called: (label: string) => string,
): Promise<ShownPicture[]> {
  const support = await openSupport(path, readAt)
  const names = tellingNames(mistakes.map(({ file }) => file))
  try {
    return await Promise.all(
      mistakes.map(async ({ file, truth, label, probability }) => {
        const image = support.classes.get(truth)!.find(({ name }) => name === file)!
        return {
          picture: await thumbnail(await readGivenImage(image, file, { reduceTo: readAt })),
          name: file,
          caption: [
            `${called(label)} ${shownPercent(probability)}`,
            `given as ${called(truth)}`,
            names.get(file)!,
          ],
          mark: 'wrong' as const,
        }
      }),
    )
  } finally {
    await support.close()
  }
}

/** The same by name, where some are examples of loaded classes, of which there are no pictures. */
export function mistakenTable(mistakes: readonly MistakenExample[], called: (label: string) => string): Html {
  return table({
    columns: ['example', 'taken for', { name: '%', number: true }, 'given as'],
    rows: mistakes.map(({ file, truth, label, probability }) => [
      file,
      called(label),
      percent(probability),
      called(truth),
    ]),
  })
}

/** All predictions, the doubtful first. */
export function predictionsTable(
  { predictions, unknown }: ClassificationReport,
  called: (label: string) => string,
): Html {
  const isLabelled = predictions.some(({ truth }) => truth !== undefined)
  const number = (name: string) => ({ name, number: true as const })
  return table({
    columns: [
      'file',
      'taken for',
      number('%'),
      number('ahead (%)'),
      ...(unknown ? [number('familiarity')] : []),
      ...(isLabelled ? ['is'] : []),
    ],
    rows: doubtfulFirst(predictions).map((one) => [
      one.file,
      `${isMistake(one) ? '✗ ' : ''}${called(one.label)}${one.label === unknownLabel ? `, nearest to ${called(one.nearest!)}` : ''}`,
      // probabilities of the classes, as if it were of one, say nothing of what is unknown
      ...(one.label === unknownLabel ? ['', ''] : [percent(one.probability), percent(leadOf(one))]),
      ...(unknown ? [one.familiarity!.toFixed(2)] : []),
      ...(isLabelled ? [one.truth === undefined ? '' : called(one.truth)] : []),
    ]),
  })
}
