import { needsData, type Measurement, type Precision, type WorkName } from './work.js'

/** A work in a precision, measured on both sides. Values are medians in the work's unit. */
export interface Row {
  readonly work: WorkName
  readonly precision: Precision
  readonly ours: number
  /** Of the fastest way in which the peer ran; null without a peer. */
  readonly peer: number | null
  /** Ours divided by the peer's. */
  readonly ratio: number | null
  /** The most that was resident in any process. */
  readonly oursPeakMib: number
  /** The same of the peer's fastest way. */
  readonly peerPeakMib: number | null
}

/**
 * A row of what was measured.
 *
 * @param ours at least one measurement
 * @param peer for each way in which the peer ran, at least one measurement
 */
export function rowOf(
  work: WorkName,
  precision: Precision,
  ours: readonly Measurement[],
  peer: readonly (readonly Measurement[])[],
): Row {
  const mine = summary(ours)
  const moreIsBetter = needsData(work)
  const [best] = peer
    .map(summary)
    .toSorted((a, b) => (moreIsBetter ? b.median - a.median : a.median - b.median))
  return {
    work,
    precision,
    ours: rounded(mine.median),
    peer: best ? rounded(best.median) : null,
    ratio: best ? rounded(mine.median / best.median) : null,
    oursPeakMib: mine.peakMib,
    peerPeakMib: best?.peakMib ?? null,
  }
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
