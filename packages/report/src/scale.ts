/** An axis of a chart. */
export interface Scale {
  readonly label: string
  /**
   * The values at its ends; those of the data if not given. A logarithmic axis has those of the data in any
   * case.
   */
  readonly domain?: readonly [number, number]
  /**
   * The values that are written at it; round ones if not given, and whole ones where all values are whole.
   */
  readonly ticks?: readonly number[]
  /** Whether only whole numbers are written at it, whatever the values. */
  readonly whole?: true
  /** Whether values are fractions of 1 that are written in per cent. */
  readonly percent?: true
  /**
   * Whether the axis is logarithmic where its values need it: where all are above 0 and the largest is more
   * than one and a half decades above the smallest. Its label says so then.
   */
  readonly logarithmic?: true
}

/** A fraction of 1 in per cent, without the sign; a dash where it is no number. */
export function percent(fraction: number, decimals: number): string {
  return Number.isFinite(fraction) ? (100 * fraction).toFixed(decimals) : '–'
}

/** A number of any size in few letters: `0.25`, `12`, `2.5e-4`, `3e8`; a dash where it is no number. */
export function shortNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return '–'
  const isShort = Number.isInteger(value) && Math.abs(value) < 1e6
  const rounded = isShort || Math.abs(value) > 1e300 ? value : Number(value.toPrecision(digits))
  const size = Math.abs(rounded)
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return rounded.toExponential().replace('e+', 'e')
  return String(rounded === 0 ? 0 : rounded)
}

/** Whether a number has a place in a chart; larger ones overflow where it is laid out. */
export function isDrawable(value: number | undefined): value is number {
  return value !== undefined && Math.abs(value) < 1e300
}
