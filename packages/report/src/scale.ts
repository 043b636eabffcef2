/** An axis of a chart. */
export interface Scale {
  readonly label: string
  /** The values at its ends; those of the data if not given. */
  readonly domain?: readonly [number, number]
  /** The values that are written at it; round ones if not given. */
  readonly ticks?: readonly number[]
  /** Whether only whole numbers are written at it. */
  readonly whole?: true
  /** Whether values are fractions of 1 that are written in per cent. */
  readonly percent?: true
}

/** A fraction of 1 in per cent, without the sign. */
export function percent(fraction: number, decimals: number): string {
  return (100 * fraction).toFixed(decimals)
}

/** A number of any size in few letters: `0.25`, `12`, `2.5e-4`. */
export function shortNumber(value: number): string {
  const rounded = Number(value.toPrecision(4))
  return rounded !== 0 && Math.abs(rounded) < 1e-3 ? rounded.toExponential() : String(rounded)
}

/** Round whole numbers from one value to another, about `count` of them. */
export function wholeTicks(from: number, to: number, count: number): number[] {
  const least = Math.max(1, (to - from) / count)
  const power = 10 ** Math.floor(Math.log10(least))
  const step = Math.ceil([1, 2, 5, 10].find((factor) => factor * power >= least)! * power)
  const first = Math.ceil(from / step)
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, index) => (first + index) * step)
}
