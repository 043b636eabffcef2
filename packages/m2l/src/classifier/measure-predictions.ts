import { unknownLabel, type ClassificationReport, type PicturePrediction } from './classification-report.js'
import { auroc, wilson95 } from './ranking.js'

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

function evidence(predictions: readonly PicturePrediction[]): PicturePrediction[] {
  return predictions.filter(({ truth, isExample }) => truth !== undefined && !isExample)
}
