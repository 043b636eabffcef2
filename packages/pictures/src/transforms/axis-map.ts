import type { ResizeFilter } from '@m2l/nn'

/** Bits after the binary point of a coefficient, as in Pillow: 8-bit sums stay below 2^31. */
const coefficientBits = 22

/**
 * How one axis of a view is computed: output position `i` is the sum over `t < taps` of
 * `coefficient(i, t) * source[start(i) + t]`, divided by 2^{@link coefficientBits}.
 */
export interface AxisMap {
  readonly length: number
  readonly taps: number
  /** The source pixels that are read: from `start` up to, not including, `end`. */
  readonly start: number
  readonly end: number
  /**
   * [length, 1 + taps]: of each output position its start, in source pixels, and its coefficients in fixed
   * point, which sum to 1 within `taps / 2` units of the last place.
   */
  readonly table: Int32Array
}

/** One axis of a view; all in pixels. */
export interface Axis {
  readonly windowStart: number
  readonly windowLength: number
  readonly resizedLength: number
  readonly cutStart: number
  readonly cutLength: number
  readonly reversed: boolean
  readonly filter: ResizeFilter
}

/** Maps that were made lately; crops of one grid, and pictures of one size, have most of them in common. */
const made = new Map<string, AxisMap>()
const mostMade = 1024

/** The {@link computeAxisMap} of an axis, made once where it is asked for again soon. */
export function axisMap(axis: Axis): AxisMap {
  const { windowStart, windowLength, resizedLength, cutStart, cutLength, reversed, filter } = axis
  const key = `${windowStart},${windowLength},${resizedLength},${cutStart},${cutLength},${reversed},${filter}`
  const known = made.get(key)
  if (known) return known
  const map = computeAxisMap(axis)
  if (made.size >= mostMade) made.clear()
  made.set(key, map)
  return map
}

/**
 * A filter of Pillow: how far it reaches, in pixels of the coarser of source and result, and the weight at a
 * distance.
 */
interface Filter {
  readonly reach: number
  readonly weight: (distance: number) => number
}

const filters: Readonly<Record<ResizeFilter, Filter>> = {
  bilinear: { reach: 1, weight: triangle },
  bicubic: { reach: 2, weight: cubic },
}

function triangle(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance))
}

/** Keys, "Cubic convolution interpolation for digital image processing" (IEEE TASSP 1981), with a = -1/2. */
function cubic(distance: number): number {
  const x = Math.abs(distance)
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * -0.5
  return 0
}

/**
 * The coefficients of Pillow's antialiased resize: a filter as wide as the reduction (never narrower than it
 * is for an enlargement), cut off at the window's edges and normalised to sum 1.
 */
function computeAxisMap(axis: Axis): AxisMap {
  const { windowStart, windowLength, resizedLength, cutStart, cutLength, reversed, filter } = axis
  const { reach, weight } = filters[filter]
  const scale = windowLength / resizedLength
  const width = Math.max(scale, 1)
  // Without a resize each pixel is itself alone.
  const support = scale === 1 ? 1 / 2 : reach * width
  const taps = Math.min(windowLength, Math.ceil(2 * support))
  const table = new Int32Array(cutLength * (1 + taps))
  const weights = new Float64Array(taps)
  for (let index = 0, entry = 0; index < cutLength; index++, entry += 1 + taps) {
    const center = (cutStart + (reversed ? cutLength - 1 - index : index) + 0.5) * scale
    // The pixels whose centres lie strictly within the support are at most `taps`; the window's edges may
    // shift them.
    const first = clamp(Math.floor(center - support - 0.5) + 1, 0, windowLength - taps)
    let sum = 0
    for (let tap = 0; tap < taps; tap++) {
      weights[tap] = weight((first + tap - center + 0.5) * (1 / width))
      sum += weights[tap]!
    }
    table[entry] = windowStart + first
    for (let tap = 0; tap < taps; tap++) {
      table[entry + 1 + tap] = roundAwayFromZero((weights[tap]! / sum) * (1 << coefficientBits))
    }
  }
  const [first, last] = [table[0]!, table.at(-1 - taps)!]
  return {
    length: cutLength,
    taps,
    start: Math.min(first, last),
    end: Math.max(first, last) + taps,
    table,
  }
}

/** The first source pixel of an output position. */
export function startOf({ taps, table }: AxisMap, index: number): number {
  return table[index * (1 + taps)]!
}

/** To whole numbers, halves away from zero, as Pillow rounds coefficients. */
function roundAwayFromZero(value: number): number {
  return Math.trunc(value < 0 ? value - 0.5 : value + 0.5)
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
