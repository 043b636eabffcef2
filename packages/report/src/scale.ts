/** An axis of a chart. */
export interface Scale {
  readonly label: string
  /** The values at its ends; those of the data if not given. */
  readonly domain?: readonly [number, number]
  /** The values that are written at it; round ones if not given. */
  readonly ticks?: readonly number[]
  /** Whether values are fractions of 1 that are written in per cent. */
  readonly percent?: boolean
}

/** A fraction of 1 in per cent, without the sign. */
export function percent(fraction: number, decimals: number): string {
  return (100 * fraction).toFixed(decimals)
}
