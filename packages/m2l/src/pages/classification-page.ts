import { fileImage } from '../classifier/file-image.js'
import { readGivenImage } from '@m2l/classifier'
import { count } from '@m2l/engine'
import {
  barChart,
  confusionMatrix,
  details,
  figures,
  page,
  pictureGrid,
  pictureRows,
  table,
  type Section,
} from '@m2l/report'
import { type ClassificationReport, type PicturePrediction } from '../classifier/classification-report.js'
import { queryPictures } from '../classifier/query-pictures.js'
import { drawnPictures, type PicturesToExplain } from '../explain/explain-pictures.js'
import {
  mistakenExamples,
  mistakenTable,
  mostOfClass,
  namesOf,
  picturesToLabel,
  predictionsTable,
  readAt,
  rowsOfClasses,
  shownPredictions,
  takenFor,
  type ReadPicture,
} from './classified-pictures.js'
import { doubtfulFirst, isMistake, isUnknown, surestFirst } from './doubt.js'
import { drawnFigure } from './drawn-figure.js'
import { madeAt } from './numbers.js'
import { resultFigures } from './result-figures.js'
import { tellingNames } from './telling-names.js'

/** How much of a large run is shown. */
const most = { mistakes: 48, explained: 3 }

/** An explanation compares with all examples at once; it is left out where there are more. */
const mostExamplesExplained = 500

/** By what pictures were classified: the examples, a file of classes, or both. */
export interface ClassifiedBy extends Omit<PicturesToExplain, 'weights' | 'only' | 'support'> {
  readonly support?: string | undefined
  readonly load?: string | undefined
}

/**
 * What {@link ClassificationReport} says, with pictures, as an HTML document. Examples of loaded classes are
 * told by name: there are no pictures of them, and nothing that could be drawn over them.
 *
 * @param by the pictures, the examples, and the recipe if one was given, by which they were classified
 * @throws {InputError} when these cannot be read any more
 */
export async function classificationPage(report: ClassificationReport, by: ClassifiedBy): Promise<string> {
  const query = await queryPictures(by.query, new Set(Object.keys(report.classes)))
  try {
    const images = new Map(query.pictures.map(({ file, image }) => [file, image]))
    return await pageOf(report, by, (file) =>
      readGivenImage(images.get(file) ?? fileImage(file), file, { reduceTo: readAt }),
    )
  } finally {
    await query.close()
  }
}

async function pageOf(report: ClassificationReport, by: ClassifiedBy, read: ReadPicture): Promise<string> {
  const { predictions, classes, weights, accuracy, confusion } = report
  const examples = Object.values(classes).reduce((sum, number) => sum + number, 0)
  const notRead = [...report.unreadableExamples, ...report.unreadable]
  const mistakes = predictions.filter(isMistake)
  const called = namesOf(report)
  const names = tellingNames(predictions.map(({ file }) => file))
  const { support, load } = by
  const mistaken = report.leaveOneOut?.mistakes ?? []
  const hasAll = support !== undefined && load === undefined
  const why = await whySection(report, by, called)
  const notes = [...report.notes, ...('unexplained' in why ? [why.unexplained] : [])]
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
                  bars: Object.entries(report.perClass)
                    .map(([label, value]) => ({ name: called(label), value }))
                    .toSorted((a, b) => a.value - b.value),
                  caption: 'The class with most mistakes first.',
                }),
                confusionMatrix({ classes: confusion.labels.map(called), counts: confusion.counts }),
              ],
            },
          ]
        : []),
      ...(mistakes.length > 0
        ? [
            {
              title: 'Mistakes',
              note: `${Math.min(mistakes.length, most.mistakes)} of ${mistakes.length}, the most confident first: what each was taken for, and its class.`,
              content: pictureGrid(
                await shownPredictions(surestFirst(mistakes).slice(0, most.mistakes), read, {
                  names,
                  caption: (one) => [takenFor(one, called), `is ${called(one.truth!)}`],
                }),
              ),
            },
          ]
        : []),
      ...(mistaken.length > 0
        ? [
            {
              title: 'Examples that the others take for another class',
              note: `${Math.min(mistaken.length, most.mistakes)} of ${mistaken.length}, the most confident first, each left out in turn: what it was taken for, and the class that it was given for. Look whether it lies in the right class.`,
              content: hasAll
                ? pictureGrid(await mistakenExamples(mistaken.slice(0, most.mistakes), support, called))
                : mistakenTable(mistaken.slice(0, most.mistakes), called),
            },
          ]
        : []),
      ...(report.labelNext.length > 0
        ? [
            {
              title: 'Label these next',
              note: 'As further examples, these would help most; put each into the folder of its class. Some are least like the examples and may be of a class that has none, some are hard to tell between two classes, and some are typical of many pictures that look alike, so that one label says most about all of them.',
              content: pictureGrid(await picturesToLabel(report.labelNext, read, names)),
            },
          ]
        : []),
      {
        title: 'What was found, the doubtful first',
        note: `For each class up to ${mostOfClass.examples} examples and the ${mostOfClass.pictures} most doubtful pictures that were taken for it: wrong ones first, then those of which the class is least ahead of the next one. Below each its name and the probability of the nearest class${report.unknown ? ', as if it were of one of the classes; an unknown one has none' : ''}.`,
        content: pictureRows(
          ['class', 'examples', 'pictures, the doubtful first'],
          await rowsOfClasses(report, support, read, names),
        ),
      },
      ...(predictions.length > 0
        ? [
            {
              title: 'All pictures',
              content: details(
                `${count(predictions.length, 'picture')}, the doubtful first`,
                predictionsTable(report, called),
              ),
            },
          ]
        : []),
      ...('section' in why ? [why.section] : []),
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
      ...(notes.length > 0
        ? [
            {
              title: 'What to know',
              content: table({ columns: ['note'], rows: notes.map((note) => [note]) }),
            },
          ]
        : []),
    ],
    footer: madeAt(),
  })
}

/** Pictures of no class are left out: levels do not tell them. */
function levelsSection({ predictions, classes, unknown }: ClassificationReport): Section {
  const labelled = predictions.filter(
    ({ truth, isExample }) => truth !== undefined && Object.hasOwn(classes, truth) && !isExample,
  )
  const levels = Object.keys(labelled[0]?.levels ?? {})
  const share = (isRight: (one: PicturePrediction) => boolean) =>
    labelled.filter(isRight).length / Math.max(1, labelled.length)
  return {
    title: 'Levels',
    note: `Pictures for which each level alone, and all of them together, find the right class${unknown ? ', before unfamiliar ones are called unknown' : ''}.`,
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

/**
 * Where the scores of the surest mistakes came from; where none is known, those of the least sure
 * predictions.
 */
async function whySection(
  report: ClassificationReport,
  by: ClassifiedBy,
  called: (label: string) => string,
): Promise<{ readonly section: Section } | { readonly unexplained: string } | object> {
  const { predictions, weights, choice } = report
  const { support, load, ...compared } = by
  if (predictions.length === 0) return {}
  const untold = (reason: string) => ({
    unexplained: `where in the pictures answers came from is not drawn, since ${reason}`,
  })
  if (support === undefined || load !== undefined) {
    return untold(`there are no pictures of the examples of ${load}`)
  }
  const examples = Object.values(report.classes).reduce((sum, number) => sum + number, 0)
  if (examples > mostExamplesExplained) {
    return untold(`each is compared with all examples, of which there are more than ${mostExamplesExplained}`)
  }
  const mistakes = predictions.filter(isMistake)
  const chosen = mistakes.length > 0 ? surestFirst(mistakes) : doubtfulFirst(predictions)
  const only = new Set(chosen.slice(0, most.explained).map(({ file }) => file))
  const unknown = new Set(predictions.filter(isUnknown).map(({ file }) => file))
  const explained = await drawnPictures({ ...compared, support, weights, choice, only }, { called, unknown })
  if ('unexplained' in explained) return untold(`${weights} ${explained.unexplained}`)
  const words = (query: string) => (unknown.has(query) ? 'is unknown, nearest to' : 'was taken for')
  const which = mistakes.length > 0 ? 'The most confident mistakes' : 'The least certain pictures'
  return {
    section: {
      title: 'Why',
      note: `${which}: where in the pictures the scores of the likeliest classes come from.`,
      content: explained.drawn.map(({ explanation, drawing }) =>
        drawnFigure(
          drawing,
          `${explanation.query} ${words(explanation.query)} ${called(explanation.predicted)}`,
        ),
      ),
    },
  }
}
