import { auroc, wilson95 } from '@m2l/classifier'
import {
  unknownLabel,
  type ClassificationReport,
  type PicturePrediction,
  type UnknownReport,
} from './classification-report.js'

/** How many of the pictures are right whose class is known and that are no examples themselves. */
export function measuredAccuracy(
  predictions: readonly PicturePrediction[],
  classes: readonly string[],
  tellsUnknown: boolean,
): Pick<ClassificationReport, 'accuracy' | 'measured' | 'interval95' | 'perClass' | 'confusion'> {
  const labelled = evidence(predictions)
  if (labelled.length === 0) {
    return { accuracy: null, measured: 0, interval95: null, perClass: {}, confusion: null }
  }
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
    measured: labelled.length,
    interval95: wilson95(right, labelled.length),
    perClass: Object.fromEntries(perClass) as Record<string, number>,
    confusion: { labels, counts },
  }
}

/** How well familiarity tells pictures of the classes from others; null where there are none of a kind. */
export function familiarityAuroc(predictions: readonly PicturePrediction[]): number | null {
  const of = (isUnknown: boolean) =>
    evidence(predictions).flatMap(({ truth, familiarity }) =>
      (truth === unknownLabel) === isUnknown ? [familiarity!] : [],
    )
  return auroc(of(false), of(true))
}

/** How many pictures were called unknown, of the classes and of none. */
export function measuredUnknown(
  predictions: readonly PicturePrediction[],
): Pick<UnknownReport, 'called' | 'ofClasses' | 'ofOthers'> {
  const labelled = evidence(predictions)
  const [others, ofClasses] = [
    labelled.filter(({ truth }) => truth === unknownLabel),
    labelled.filter(({ truth }) => truth !== unknownLabel),
  ]
  const rest = ofClasses.filter(({ label }) => label !== unknownLabel)
  const right = rest.filter(({ truth, label }) => truth === label)
  return {
    called: calledUnknown(predictions),
    ofClasses:
      ofClasses.length === 0
        ? null
        : {
            pictures: ofClasses.length,
            called: calledUnknown(ofClasses),
            accuracyOfRest: rest.length === 0 ? null : right.length / rest.length,
          },
    ofOthers: others.length === 0 ? null : { pictures: others.length, called: calledUnknown(others) },
  }
}

function calledUnknown(predictions: readonly PicturePrediction[]): number {
  return predictions.filter(({ label }) => label === unknownLabel).length
}

function evidence(predictions: readonly PicturePrediction[]): PicturePrediction[] {
  return predictions.filter(({ truth, isExample }) => truth !== undefined && !isExample)
}
