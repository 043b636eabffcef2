import { count } from '@m2l/engine'
import type { Figure } from '@m2l/report'
import type { ClassificationReport, UnknownReport } from '../classifier/classification-report.js'
import { percent } from './numbers.js'

/** How good answers are, in a few figures. */
export function resultFigures({
  predictions,
  accuracy,
  measured,
  interval95,
  leaveOneOut,
  unknown,
}: ClassificationReport): Figure[] {
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
    ...(unknown ? unknownFigures(unknown) : []),
    ...(unknown && unknown.auroc !== null
      ? [{ label: 'AUROC of familiarity', value: unknown.auroc.toFixed(3) }]
      : []),
  ]
}

/** How many were called unknown, rightly and wrongly. */
function unknownFigures(unknown: UnknownReport): Figure[] {
  const { threshold, called, ofClasses, ofOthers, examplesKept, strangersFound } = unknown
  const expected = `${percent(1 - examplesKept)} % of pictures of the classes will be, and ${percent(strangersFound)} % of strangers`
  return [
    {
      label: 'unknown pictures',
      value: String(called),
      detail: `familiarity below ${threshold}; going by the examples, ${expected}`,
    },
    ...(ofClasses
      ? [
          {
            label: 'accuracy of those not called unknown',
            value: ofClasses.accuracyOfRest === null ? '–' : `${percent(ofClasses.accuracyOfRest)} %`,
            detail: `of ${ofClasses.pictures - ofClasses.called}; ${ofClasses.called} of ${count(ofClasses.pictures, 'picture')} of the classes called unknown, which counts as wrong in the accuracy of all`,
          },
        ]
      : []),
    ...(ofOthers
      ? [
          {
            label: 'pictures of no class called unknown',
            value: `${percent(ofOthers.called / ofOthers.pictures)} %`,
            detail: `${ofOthers.called} of ${ofOthers.pictures}`,
          },
        ]
      : []),
  ]
}
