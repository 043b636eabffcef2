import { type AxisMap, startOf } from './axis-map.js'

/** Rows of a result from `top` up to, not including, `end`, and the source rows of which they are sums. */
export interface RowBand {
  readonly top: number
  readonly end: number
  readonly from: number
  readonly to: number
}

/**
 * Divides the rows of a result into bands that need at most so many bytes, or one row each where that needs
 * more.
 *
 * @param sourceBytes needed for each source row
 * @param resultBytes needed for each row of the result
 */
export function* rowBands(
  rows: AxisMap,
  mostBytes: number,
  sourceBytes: number,
  resultBytes: number,
): Generator<RowBand> {
  const band = (top: number, end: number): RowBand => ({
    top,
    end,
    from: startOf(rows, top),
    to: startOf(rows, end - 1) + rows.taps,
  })
  const fits = ({ top, end, from, to }: RowBand): boolean =>
    (to - from) * sourceBytes + (end - top) * resultBytes <= mostBytes
  const whole = band(0, rows.length)
  if (fits(whole)) return yield whole
  for (let top = 0; top < rows.length;) {
    let largest = band(top, top + 1)
    for (let end = top + 2; end <= rows.length; end++) {
      const larger = band(top, end)
      if (!fits(larger)) break
      largest = larger
    }
    yield largest
    top = largest.end
  }
}
