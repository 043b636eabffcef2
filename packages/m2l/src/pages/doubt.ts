import { unknownLabel, type PicturePrediction } from '../classifier/classification-report.js'

/** Whether a picture was taken for another class than its place says; examples are no evidence. */
export function isMistake({ truth, label, isExample }: PicturePrediction): boolean {
  return truth !== undefined && truth !== label && !isExample
}

/** Whether a picture is of no class. */
export function isUnknown({ label }: PicturePrediction): boolean {
  return label === unknownLabel
}

/**
 * By how much the nearest class is more probable than the next one, from 0 to 1; its probability where only
 * one is told.
 */
export function leadOf({ probability, probabilities }: PicturePrediction): number {
  return probability - (probabilities[1]?.probability ?? 0)
}

/** Pictures of no class, then mistakes, then others, each by how little the nearest class leads. */
export function doubtfulFirst(predictions: readonly PicturePrediction[]): PicturePrediction[] {
  const rank = (one: PicturePrediction) => (isUnknown(one) ? 0 : isMistake(one) ? 1 : 2)
  return predictions.toSorted((a, b) => rank(a) - rank(b) || leadOf(a) - leadOf(b))
}

/** The most probable first; those of no class last, whose probability is that of the nearest. */
export function surestFirst(predictions: readonly PicturePrediction[]): PicturePrediction[] {
  return predictions.toSorted(
    (a, b) => Number(isUnknown(a)) - Number(isUnknown(b)) || b.probability - a.probability,
  )
}
