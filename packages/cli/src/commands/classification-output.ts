import type {
  ClassificationReport,
  ClassNames,
  LeaveOneOutReport,
  PicturePrediction,
  UnknownReport,
} from '@m2l/m2l'
import { stringify } from 'csv-stringify/sync'
import { count, percent, printable, seconds } from '../terminal/format.js'
import { table } from '../terminal/table.js'
import { confusionTable } from './confusion-table.js'

/** As the engine's package calls pictures of no class, which is not loaded to say so. */
const unknownLabel = 'unknown'

/** As a table of comma-separated values. */
export function classificationAsCsv(
  { predictions, unknown, classes }: ClassificationReport,
  top: number,
): string {
  const levels = Object.keys(predictions[0]?.levels ?? {})
  const isLabelled = predictions.some(({ truth }) => truth !== undefined)
  const isNamed = predictions.some(({ displayName }) => displayName !== undefined)
  const isOwn = predictions.some(({ isExample }) => isExample)
  const places = Array.from({ length: Math.min(top, Object.keys(classes).length) }, (_, index) => index)
  const columns = [
    'file',
    'label',
    'probability',
    ...levels,
    ...(isNamed ? ['name'] : []),
    ...(unknown ? ['nearest', 'familiarity'] : []),
    ...(isLabelled ? ['truth'] : []),
    ...(isOwn ? ['example'] : []),
    ...(top > 1 ? places.flatMap((place) => [`class ${place + 1}`, `probability ${place + 1}`]) : []),
  ]
  const rows = predictions.map((prediction) => [
    prediction.file,
    prediction.label,
    prediction.probability,
    ...levels.map((level) => prediction.levels[level]!.label),
    ...(isNamed ? [prediction.displayName] : []),
    ...(unknown ? [prediction.nearest, prediction.familiarity] : []),
    ...(isLabelled ? [prediction.truth] : []),
    ...(isOwn ? [prediction.isExample ? 'yes' : ''] : []),
    ...(top > 1
      ? prediction.probabilities.slice(0, top).flatMap(({ label, probability }) => [label, probability])
      : []),
  ])
  return stringify([columns, ...rows])
}

/** The pictures to label next, for a terminal. */
export function describeLabelNext({ labelNext }: ClassificationReport): string {
  if (labelNext.length === 0) return ''
  const lines = labelNext.map(({ file, why }) => `label next: ${printable(file)} (${printable(why, 300)})\n`)
  return `as further examples these would help most; put each into the folder of its class\n${lines.join('')}`
}

/** What a class is called on a terminal. */
type Called = (label: string) => string

/** For a terminal. */
export function describeClassification(report: ClassificationReport, top: number, names: ClassNames): string {
  const called = (label: string) => printable(names.of(label))
  const { predictions, classes, weights, unknown, leaveOneOut, accuracy, measured, interval95 } = report
  const examples = Object.values(classes).reduce((sum, number) => sum + number, 0)
  const all = measured === predictions.length ? '' : ` of ${measured} of them`
  return [
    ...(predictions.length > 0 ? [predictionsTable(report, top, called)] : []),
    ...(accuracy === null
      ? []
      : [perClassTable(report, called), ...confusionTable(report.confusion!, called)]),
    `${count(predictions.length, 'picture')} by ${count(examples, 'example')} of ${count(Object.keys(classes).length, 'class')} with ${weights}, in ${seconds(report.seconds)}`,
    ...(accuracy === null
      ? []
      : [`accuracy${all} ${percent(accuracy)} %, 95 % interval ${interval95!.map(percent).join(' to ')} %`]),
    ...(unknown ? calledUnknown(unknown, predictions.length) : []),
    ...(leaveOneOut
      ? [
          `of ${count(leaveOneOut.images, 'example')}, each left out in turn, ${percent(leaveOneOut.accuracy)} % are recognised by the others`,
          ...mistakenExamples(leaveOneOut.mistakes, called),
        ]
      : []),
    ...(unknown
      ? [
          '% is the probability of the label, as if the picture were of one of the classes; an unknown one has none',
          `pictures of a familiarity below ${unknown.threshold} are called unknown: going by the examples, ${percent(1 - unknown.examplesKept)} % of pictures of the classes will be, and ${percent(unknown.strangersFound)} % of strangers; a lower --unknown calls fewer so`,
        ]
      : []),
    ...(unknown && unknown.auroc !== null
      ? [`familiarity of pictures of the classes against others: AUROC ${unknown.auroc.toFixed(3)}`]
      : []),
    '',
  ].join('\n')
}

/** How many pictures were called unknown, and how many of them rightly. */
function calledUnknown({ called, ofClasses, ofOthers }: UnknownReport, pictures: number): string[] {
  const share = (part: number, whole: number) => `${part} of ${count(whole, 'picture')}`
  if (!ofClasses && !ofOthers) return [`${share(called, pictures)} are called unknown`]
  const rest = ofClasses && ofClasses.pictures - ofClasses.called
  return [
    ...(ofClasses
      ? [
          `${share(ofClasses.called, ofClasses.pictures)} of the classes (${percent(ofClasses.called / ofClasses.pictures)} %) are called unknown, which counts as wrong${ofClasses.accuracyOfRest === null ? '' : `; of the other ${rest}, ${percent(ofClasses.accuracyOfRest)} % are right`}`,
        ]
      : []),
    ...(ofOthers
      ? [
          `${share(ofOthers.called, ofOthers.pictures)} of no class (${percent(ofOthers.called / ofOthers.pictures)} %) are called unknown, which is right`,
        ]
      : []),
  ]
}

/** More examples that were mistaken are told by the page and by --json. */
const mostMistaken = 5

function mistakenExamples(mistakes: LeaveOneOutReport['mistakes'], called: Called): string[] {
  if (mistakes.length === 0) return []
  const told = mistakes
    .slice(0, mostMistaken)
    .map(({ file, truth, label }) => `${printable(file)} (${called(truth)}, taken for ${called(label)})`)
  const more = mistakes.length > mostMistaken ? ` and ${mistakes.length - mostMistaken} more` : ''
  return [`not recognised: ${told.join(', ')}${more}; check that they lie in the right folders`]
}

function predictionsTable(
  { predictions, unknown, choice }: ClassificationReport,
  top: number,
  called: Called,
): string {
  // Heads that were fitted are many and of one mind; --json has what each says.
  const levels = choice.heads.length > 0 ? [] : Object.keys(predictions[0]!.levels)
  const row = ({
    file,
    label,
    probability,
    nearest,
    probabilities,
    levels: ofLevels,
    familiarity,
  }: PicturePrediction) => [
    printable(file),
    ...(label === unknownLabel
      ? [`${called(label)}, nearest to ${called(nearest!)}`, '']
      : [called(label), percent(probability)]),
    ...(top > 1
      ? [
          probabilities
            .slice(label === unknownLabel ? 0 : 1, top)
            .map((one) => `${called(one.label)} ${percent(one.probability)}`)
            .join(', '),
        ]
      : []),
    ...(unknown ? [familiarity!.toFixed(2)] : []),
    ...levels.map((level) => called(ofLevels[level]!.label)),
  ]
  const headings = [
    'file',
    'label',
    '%',
    ...(top > 1 ? ['next (%)'] : []),
    ...(unknown ? ['familiarity'] : []),
    ...levels,
  ]
  return table(headings, predictions.map(row))
}

function perClassTable({ perClass, confusion: matrix }: ClassificationReport, called: Called): string {
  const { labels, counts } = matrix!
  const rows = Object.entries(perClass).map(([label, accuracy]) => {
    const images = counts[labels.indexOf(label)]!.reduce((sum, number) => sum + number, 0)
    return [called(label), String(images), percent(accuracy)]
  })
  return table(['class', 'pictures', 'right (%)'], rows)
}
