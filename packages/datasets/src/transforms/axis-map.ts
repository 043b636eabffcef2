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
   * [length, 1 + taps]: of each output position its start, in source pixels, and its coefficients in fixed point, which sum
   * to 1 within `taps / 2` units of the last place.
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
}

/** Maps that were made lately; crops of one grid, and pictures of one size, have most of them in common. */
const made = new Map<string, AxisMap>()
const mostMade = 1024

/** The {@link computeAxisMap} of an axis, made once where it is asked for again soon. */
export function axisMap(axis: Axis): AxisMap {
  const { windowStart, windowLength, resizedLength, cutStart, cutLength, reversed } = axis
  const key = `${windowStart},${windowLength},${resizedLength},${cutStart},${cutLength},${reversed}`
  const known = made.get(key)
  if (known) return known
  const map = computeAxisMap(axis)
  if (made.size >= mostMade) made.clear()
  made.set(key, map)
  return map
}

/**
 * The coefficients of Pillow's antialiased bilinear resize: a triangle as wide as the reduction (never narrower than
 * two source pixels), cut off at the window's edges and normalised to sum 1.
 */
function computeAxisMap(axis: Axis): AxisMap {
  const { windowStart, windowLength, resizedLength, cutStart, cutLength, reversed } = axis
  const scale = windowLength / resizedLength
  const support = Math.max(scale, 1)
  const taps = Math.min(windowLength, scale === 1 ? 1 : Math.ceil(2 * support))
  const table = new Int32Array(cutLength * (1 + taps))
  const weights = new Float64Array(taps)
  for (let index = 0, entry = 0; index < cutLength; index++, entry += 1 + taps) {
    const center = (cutStart + (reversed ? cutLength - 1 - index : index) + 0.5) * scale
    // The pixels whose centres lie strictly within the triangle are at most `taps`; the window's edges may shift them.
    const first = clamp(Math.floor(center - support - 0.5) + 1, 0, windowLength - taps)
    let sum = 0
    for (let tap = 0; tap < taps; tap++) {
      const weight = Math.max(0, 1 - Math.abs(first + tap - center + 0.5) / support)
      weights[tap] = weight
      sum += weight
    }
    table[entry] = windowStart + first
    for (let tap = 0; tap < taps; tap++) {
      table[entry + 1 + tap] = Math.round((weights[tap]! / sum) * (1 << coefficientBits))
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

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
