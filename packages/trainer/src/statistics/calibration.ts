/** The predictions whose confidence lies between two bounds; the upper one belongs to it. */
export interface CalibrationBin {
  readonly from: number
  readonly to: number
  readonly count: number
  /** Their mean confidence; the bin's middle where there are none. */
  readonly confidence: number
  /** The share of them that is right; 0 where there are none. */
  readonly accuracy: number
}

/** How far confidence can be trusted; all but counts are fractions of 1. */
export interface Calibration {
  readonly bins: readonly CalibrationBin[]
  /**
   * Expected calibration error: the mean distance of accuracy and confidence over the bins, weighted by their
   * counts.
   */
  readonly error: number
}

/**
 * The calibration of predictions in bins of equal width (Guo et al., "On Calibration of Modern Neural
 * Networks", ICML 2017, section 2).
 *
 * @param confidences the probability of what was predicted, 0 to 1 each
 * @param right whether it was right, for each
 * @throws {RangeError} when there are no predictions, not as many of both, or a confidence is not between 0
 *   and 1
 */
export function calibration(
  confidences: ArrayLike<number>,
  right: ArrayLike<boolean>,
  binCount = 15,
): Calibration {
  const count = confidences.length
  if (count === 0 || right.length !== count) {
    throw new RangeError(`calibration of ${count} confidences and ${right.length} outcomes`)
  }
  for (let index = 0; index < count; index++) {
    if (!(confidences[index]! >= 0 && confidences[index]! <= 1 + 1e-6))
      throw new RangeError(`calibration of the confidence ${confidences[index]}; expected 0 to 1`)
  }
  const sums = Array.from({ length: binCount }, () => ({ count: 0, confidence: 0, right: 0 }))
  for (let index = 0; index < count; index++) {
    const confidence = confidences[index]!
    const sum = sums[Math.min(binCount - 1, Math.max(0, Math.ceil(confidence * binCount) - 1))]!
    sum.count++
    sum.confidence += confidence
    sum.right += Number(right[index])
  }
  const bins = sums.map((sum, bin) => ({
    from: bin / binCount,
    to: (bin + 1) / binCount,
    count: sum.count,
    confidence: sum.count > 0 ? sum.confidence / sum.count : (bin + 0.5) / binCount,
    accuracy: sum.count > 0 ? sum.right / sum.count : 0,
  }))
  const error = sums.reduce((total, sum) => total + Math.abs(sum.right - sum.confidence), 0) / count
  return { bins, error }
}
