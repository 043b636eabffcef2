import { works, type Measurement, type Precision, type WorkName } from './work.js'

/** A work in a precision, measured on both sides. Values are medians in the work's unit. */
export interface Row {
  readonly work: WorkName
  readonly precision: Precision
  readonly ours: number
  /** Of the fastest way in which the peer ran; null without a peer. */
  readonly peer: number | null
  /** Ours divided by the peer's. */
  readonly ratio: number | null
  /** The peer's network in ONNX Runtime, where it was measured. */
  readonly onnxRuntime?: number
  /** Ours divided by that. */
  readonly onnxRuntimeRatio?: number
  /** The most that was resident in any process. */
  readonly oursPeakMib: number
  /** The same of the peer's fastest way. */
  readonly peerPeakMib: number | null
}

/**
 * A row of what was measured.
 *
 * @param ours at least one measurement
 * @param peer for each way in which the peer ran on PyTorch, at least one measurement
 * @param onnxRuntime those of the peer's network in ONNX Runtime; none where it was not measured
 */
export function rowOf(
  work: WorkName,
  precision: Precision,
  ours: readonly Measurement[],
  peer: readonly (readonly Measurement[])[],
  onnxRuntime: readonly Measurement[] = [],
): Row {
  const mine = summary(ours)
  const moreIsBetter = works[work].unit !== 'seconds'
  const [best] = peer
    .map(summary)
    .toSorted((a, b) => (moreIsBetter ? b.median - a.median : a.median - b.median))
  return {
    work,
    precision,
    ours: rounded(mine.median),
    peer: best ? rounded(best.median) : null,
    ratio: best ? rounded(mine.median / best.median) : null,
    ...(onnxRuntime.length > 0 && ofOnnxRuntime(mine.median, summary(onnxRuntime).median)),
    oursPeakMib: mine.peakMib,
    peerPeakMib: best?.peakMib ?? null,
  }
}

function ofOnnxRuntime(mine: number, theirs: number) {
  return { onnxRuntime: rounded(theirs), onnxRuntimeRatio: rounded(mine / theirs) }
}

function summary(measurements: readonly Measurement[]) {
  const values = measurements.flatMap((measurement) => measurement.values).toSorted((a, b) => a - b)
  const middle = [values[(values.length - 1) >> 1]!, values[values.length >> 1]!]
  return {
    median: (middle[0]! + middle[1]!) / 2,
    peakMib: Math.round(Math.max(...measurements.map(({ peakMib }) => peakMib))),
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
