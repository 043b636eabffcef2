import type { RgbImage } from '@m2l/datasets'
import { count } from '@m2l/engine'
import {
  barChart,
  confusionMatrix,
  figures,
  page,
  pictureGrid,
  pictureRows,
  table,
  thumbnail,
  type Figure,
  type Html,
  type PictureRow,
  type Section,
  type ShownPicture,
} from '@m2l/report'
import {
  unknownLabel,
  type ClassificationReport,
  type PicturePrediction,
} from '../classifier/classification-report.js'
import { readGivenImage } from '../classifier/given-image.js'
import { queryPictures } from '../classifier/query-pictures.js'
import { openSupport } from '../classifier/support-pictures.js'
import { drawnPictures, type PicturesToExplain } from '../explain/explain-pictures.js'
import { drawnFigure } from './drawn-figure.js'
import { madeAt, percent } from './numbers.js'

/** How much of a large run is shown. */
const most = { classes: 60, examples: 4, pictures: 12, mistakes: 48, explained: 3 }

/** An explanation compares with all examples at once; it is left out where there are more. */
const mostExamplesExplained = 500

/** Pictures are read for a page with a shorter side of so many pixels, and shown half as large. */
const readAt = 192

/**
 * What {@link ClassificationReport} says, with pictures, as an HTML document.
 *
 * @param by the pictures, the examples, and the recipe if one was given, by which they were classified
 * @throws {InputError} when these cannot be read any more
 */
export async function classificationPage(
  report: ClassificationReport,
  by: Omit<PicturesToExplain, 'weights' | 'only'>,
): Promise<string> {
  const query = await queryPictures(by.query, new Set(Object.keys(report.classes)))
  try {
    const images = new Map(query.pictures.map(({ file, image }) => [file, image]))
    return await pageOf(report, by, (file) =>
      readGivenImage(images.get(file) ?? file, file, { reduceTo: readAt }),
    )
  } finally {
    await query.close()
  }
}

/** The pixels of a picture that was classified. */
type ReadPicture = (file: string) => Promise<RgbImage>

async function pageOf(
  report: ClassificationReport,
  by: Omit<PicturesToExplain, 'weights' | 'only'>,
  read: ReadPicture,
): Promise<string> {
  const { predictions, classes, weights, accuracy, confusion } = report
  const examples = Object.values(classes).reduce((sum, number) => sum + number, 0)
  const notRead = [...report.unreadableExamples, ...report.unreadable]
  const mistakes = predictions.filter(
    ({ truth, label, isExample }) => truth !== undefined && truth !== label && !isExample,
  )
  return page({
    title: 'Classified pictures',
    summary: `${count(predictions.length, 'picture')} by ${count(examples, 'example')} of ${count(Object.keys(classes).length, 'class')}, with ${weights}.`,
    sections: [
      { title: 'Result', content: figures(resultFigures(report)) },
      ...(accuracy !== null && confusion
        ? [
            levelsSection(report),
            {
              title: 'Classes',
              content: [
                barChart({
                  label: 'Share of the pictures of each class that are right',
                  value: { label: 'right (%)', percent: true, domain: [0, 1] },
                  bars: Object.entries(report.perClass).map(([name, value]) => ({ name, value })),
                }),
                confusionMatrix({ classes: confusion.labels, counts: confusion.counts }),
              ],
            },
          ]
        : []),
      ...(mistakes.length > 0
        ? [
            {
              title: 'Mistakes',
              note: `${Math.min(mistakes.length, most.mistakes)} of ${mistakes.length}, the most confident first: the class, and what it was taken for.`,
              content: pictureGrid(
                await shown(
                  mistakes.toSorted((a, b) => b.probability - a.probability).slice(0, most.mistakes),
                  read,
                  ({ truth, label, probability }) => `${truth}: ${label} ${percent(probability)} %`,
                ),
              ),
            },
          ]
        : []),
      {
        title: 'Examples and what they found',
        note: `Up to ${most.examples} examples and ${most.pictures} pictures a class, with the probability of the nearest class.`,
        content: pictureRows(['class', 'examples', 'pictures'], await rowsOf(report, by.support, read)),
      },
      ...(predictions.length > 0 && examples <= mostExamplesExplained
        ? [await whySection(predictions, mistakes, { ...by, weights })]
        : []),
      ...(notRead.length > 0
        ? [
            {
              title: 'Not read',
              content: table({
                columns: ['file', 'why'],
                rows: notRead.map(({ file, reason }) => [file, reason]),
              }),
            },
          ]
        : []),
      ...(report.notes.length > 0
        ? [
            {
              title: 'What to know',
              content: table({ columns: ['note'], rows: report.notes.map((note) => [note]) }),
            },
          ]
        : []),
    ],
    footer: madeAt(),
  })
}

function resultFigures({
  predictions,
  accuracy,
  measured,
  interval95,
  leaveOneOut,
  unknown,
}: ClassificationReport) {
  const known: Figure[] =
    accuracy === null
      ? [{ label: 'pictures', value: String(predictions.length) }]
      : [
          {
            label: 'accuracy',
            value: `${percent(accuracy)} %`,
            detail: `of ${measured} of ${count(predictions.length, 'picture')}; 95 % interval ${interval95!.map((end) => percent(end)).join(' to ')}`,
          },
        ]
  return [
    ...known,
    ...(leaveOneOut
      ? [
          {
            label: 'examples that the others recognise',
            value: `${percent(leaveOneOut.accuracy)} %`,
            detail: `of ${leaveOneOut.images}, each left out in turn`,
          },
        ]
      : []),
    ...(unknown
      ? [
          {
            label: 'unknown pictures',
            value: String(predictions.filter(({ label }) => label === unknownLabel).length),
            detail: `familiarity below ${unknown.threshold}`,
          },
        ]
      : []),
    ...(unknown && unknown.auroc !== null
      ? [{ label: 'AUROC of familiarity', value: unknown.auroc.toFixed(3) }]
      : []),
  ]
}

/** Pictures of no class are left out: levels do not tell them. */
function levelsSection({ predictions, classes }: ClassificationReport): Section {
  const labelled = predictions.filter(
    ({ truth, isExample }) => truth !== undefined && Object.hasOwn(classes, truth) && !isExample,
  )
  const levels = Object.keys(labelled[0]?.levels ?? {})
  const share = (isRight: (one: PicturePrediction) => boolean) =>
    labelled.filter(isRight).length / Math.max(1, labelled.length)
  return {
    title: 'Levels',
    note: 'Pictures of the classes to which each level alone, and all of them together, give the right one.',
    content: barChart({
      label: 'Share of pictures that are right, together and by each level',
      value: { label: 'right (%)', percent: true, domain: [0, 1] },
      bars: [
        { name: 'fused', value: share(({ truth, label, nearest }) => truth === (nearest ?? label)) },
        ...levels.map((name) => ({
          name,
          value: share(({ truth, levels: of }) => truth === of[name]!.label),
        })),
      ],
    }),
  }
}

/** Where the scores of the surest mistakes came from; where none is known, those of the least sure predictions. */
async function whySection(
  predictions: readonly PicturePrediction[],
  mistakes: readonly PicturePrediction[],
  by: Omit<PicturesToExplain, 'only'>,
): Promise<Section> {
  const chosen =
    mistakes.length > 0
      ? mistakes.toSorted((a, b) => b.probability - a.probability)
      : predictions.toSorted((a, b) => a.probability - b.probability)
  const only = new Set(chosen.slice(0, most.explained).map(({ file }) => file))
  const drawings: Html[] = []
  for await (const { explanation, drawing } of drawnPictures({ ...by, only })) {
    drawings.push(drawnFigure(drawing, `${explanation.query} was taken for ${explanation.predicted}`))
  }
  const which = mistakes.length > 0 ? 'The most confident mistakes' : 'The least certain pictures'
  return {
    title: 'Why',
    note: `${which}: where in the pictures the scores of the likeliest classes come from.`,
    content: drawings,
  }
}

async function rowsOf(
  { classes, predictions, unreadableExamples }: ClassificationReport,
  path: string,
  read: ReadPicture,
): Promise<PictureRow[]> {
  const damaged = new Set(unreadableExamples.map(({ file }) => file))
  const support = await openSupport(path, readAt)
  try {
    const rows: PictureRow[] = []
    for (const label of Object.keys(classes).slice(0, most.classes)) {
      const readable = support.classes.get(label)!.filter(({ name }) => !damaged.has(name))
      const examples = await Promise.all(
        readable.slice(0, most.examples).map(async (image) => ({
          picture: await thumbnail(await readGivenImage(image, image.name, { reduceTo: readAt })),
          name: `example of ${label}`,
        })),
      )
      rows.push({ name: label, groups: [examples, await found(predictions, read, label)] })
    }
    const unknown = await found(predictions, read, unknownLabel)
    return unknown.length > 0 ? [...rows, { name: unknownLabel, groups: [[], unknown] }] : rows
  } finally {
    await support.close()
  }
}

function found(
  predictions: readonly PicturePrediction[],
  read: ReadPicture,
  label: string,
): Promise<ShownPicture[]> {
  return shown(
    predictions.filter((one) => one.label === label).slice(0, most.pictures),
    read,
    ({ probability }) => `${percent(probability)} %`,
  )
}

async function shown(
  predictions: readonly PicturePrediction[],
  read: ReadPicture,
  caption: (prediction: PicturePrediction) => string,
): Promise<ShownPicture[]> {
  return Promise.all(
    predictions.map(async (one) => ({
      picture: await thumbnail(await read(one.file)),
      name: one.file,
      caption: caption(one),
      ...(one.truth !== undefined && {
        mark: one.truth === one.label ? ('right' as const) : ('wrong' as const),
      }),
    })),
  )
}
