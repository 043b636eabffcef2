import { readRegularFile } from '@m2l/engine'
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
} from '../classifier/classify-pictures.js'
import { readGivenImage } from '../classifier/given-image.js'
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
 * @param by the examples, and the recipe if one was given, by which the pictures were classified
 * @throws {InputError} when these cannot be read any more
 */
export async function classificationPage(
  report: ClassificationReport,
  by: Pick<PicturesToExplain, 'support' | 'recipe'>,
): Promise<string> {
  const { predictions, classes, weights, accuracy, confusion } = report
  const examples = Object.values(classes).reduce((sum, count) => sum + count, 0)
  const mistakes = predictions.filter(({ truth, label }) => truth !== undefined && truth !== label)
  return page({
    title: 'Classified pictures',
    summary: `${predictions.length} pictures by ${examples} examples of ${Object.keys(classes).length} classes, with ${weights}.`,
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
                  ({ truth, label, probability }) => `${truth}: ${label} ${percent(probability)} %`,
                ),
              ),
            },
          ]
        : []),
      {
        title: 'Examples and what they found',
        note: `Up to ${most.examples} examples and ${most.pictures} pictures a class, with the probability of the nearest class.`,
        content: pictureRows(['class', 'examples', 'pictures'], await rowsOf(report, by.support)),
      },
      ...(predictions.length > 0 && examples <= mostExamplesExplained
        ? [await whySection(predictions, mistakes, { ...by, weights })]
        : []),
      ...(report.unreadable.length > 0
        ? [
            {
              title: 'Not read',
              content: table({
                columns: ['file', 'why'],
                rows: report.unreadable.map(({ file, reason }) => [file, reason]),
              }),
            },
          ]
        : []),
    ],
    footer: madeAt(),
  })
}

function resultFigures({ predictions, accuracy, interval95, leaveOneOut, unknown }: ClassificationReport) {
  const known: Figure[] =
    accuracy === null
      ? [{ label: 'pictures', value: String(predictions.length) }]
      : [
          {
            label: 'accuracy',
            value: `${percent(accuracy)} %`,
            detail: `95 % interval ${interval95!.map((end) => percent(end)).join(' to ')}`,
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
  const labelled = predictions.filter(({ truth }) => truth !== undefined && Object.hasOwn(classes, truth))
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
  by: Omit<PicturesToExplain, 'query'>,
): Promise<Section> {
  const chosen =
    mistakes.length > 0
      ? mistakes.toSorted((a, b) => b.probability - a.probability)
      : predictions.toSorted((a, b) => a.probability - b.probability)
  const query = chosen.slice(0, most.explained).map(({ file }) => file)
  const drawings: Html[] = []
  for await (const { explanation, drawing } of drawnPictures({ ...by, query })) {
    drawings.push(drawnFigure(drawing, `${explanation.query} was taken for ${explanation.predicted}`))
  }
  const which = mistakes.length > 0 ? 'The most confident mistakes' : 'The least certain pictures'
  return {
    title: 'Why',
    note: `${which}: where in the pictures the scores of the likeliest classes come from.`,
    content: drawings,
  }
}

async function rowsOf({ classes, predictions }: ClassificationReport, path: string): Promise<PictureRow[]> {
  const support = await openSupport(path, readAt)
  try {
    const rows: PictureRow[] = []
    for (const label of Object.keys(classes).slice(0, most.classes)) {
      const count = Math.min(most.examples, support.classes.get(label)!)
      const examples = await Promise.all(
        (await support.read(label, 0, count)).map(async (image) => ({
          picture: await thumbnail(await readGivenImage(image, label, { reduceTo: readAt })),
          name: `example of ${label}`,
        })),
      )
      rows.push({ name: label, groups: [examples, await found(predictions, label)] })
    }
    const unknown = await found(predictions, unknownLabel)
    return unknown.length > 0 ? [...rows, { name: unknownLabel, groups: [[], unknown] }] : rows
  } finally {
    await support.close()
  }
}

function found(predictions: readonly PicturePrediction[], label: string): Promise<ShownPicture[]> {
  return shown(
    predictions.filter((one) => one.label === label).slice(0, most.pictures),
    ({ probability }) => `${percent(probability)} %`,
  )
}

async function shown(
  predictions: readonly PicturePrediction[],
  caption: (prediction: PicturePrediction) => string,
): Promise<ShownPicture[]> {
  return Promise.all(
    predictions.map(async (one) => ({
      picture: await thumbnail(await readRegularFile(one.file)),
      name: one.file,
      caption: caption(one),
      ...(one.truth !== undefined && {
        mark: one.truth === one.label ? ('right' as const) : ('wrong' as const),
      }),
    })),
  )
}
