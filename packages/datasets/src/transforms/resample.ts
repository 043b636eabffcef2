import { type AxisMap, coefficientBits } from './axis-map.js'
import type { LevelMap } from './level-map.js'

/** A rectangle of 8-bit pixels, three bytes each, whose first pixel has the coordinates `top`, `left`. */
export interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly top: number
  readonly left: number
}

const half = 1 << (coefficientBits - 1)

/**
 * Resamples rows [firstRow, endRow) along their length into `result`, bytes [endRow - firstRow, columns.length, 3].
 * The sums are 32-bit integers; two taps, the case of every enlargement, are written out.
 */
export function resampleColumns(
  { data, width, top, left }: Pixels,
  columns: AxisMap,
  firstRow: number,
  endRow: number,
  result: Uint8Array,
): void {
  const { length, taps, starts, coefficients } = columns
  let position = 0
  for (let row = firstRow; row < endRow; row++) {
    const rowStart = (row - top) * width - left
    for (let index = 0; index < length; index++, position += 3) {
      let source = (rowStart + starts[index]!) * 3
      if (taps === 2) {
        const a = coefficients[index * 2]!
        const b = coefficients[index * 2 + 1]!
        result[position] = blend(a, data[source]!, b, data[source + 3]!)
        result[position + 1] = blend(a, data[source + 1]!, b, data[source + 4]!)
        result[position + 2] = blend(a, data[source + 2]!, b, data[source + 5]!)
        continue
      }
      let red = half
      let green = half
      let blue = half
      for (let tap = index * taps, end = tap + taps; tap < end; tap++, source += 3) {
        const coefficient = coefficients[tap]!
        red = (red + Math.imul(coefficient, data[source]!)) | 0
        green = (green + Math.imul(coefficient, data[source + 1]!)) | 0
        blue = (blue + Math.imul(coefficient, data[source + 2]!)) | 0
      }
      result[position] = red >> coefficientBits
      result[position + 1] = green >> coefficientBits
      result[position + 2] = blue >> coefficientBits
    }
  }
}

/**
 * Resamples all columns from top to bottom into `result`, [rows.length, width, 3], each level replaced by
 * `level * scale + shift` of its channel: the last pass and the normalisation in one, which saves a pass over memory. Two
 * rows between the same two source rows, frequent in enlargements, are computed together from the levels that they share.
 */
export function resampleRowsToValues(
  { data, width, top }: Pixels,
  rows: AxisMap,
  { scale: [red, green, blue], shift: [red0, green0, blue0] }: LevelMap,
  result: Float32Array,
): void {
  const { length, taps, starts, coefficients } = rows
  const rowBytes = width * 3
  for (let index = 0; index < length; index++) {
    const first = (starts[index]! - top) * rowBytes
    const end = first + rowBytes
    let to = index * rowBytes
    if (taps !== 2) {
      const firstTap = index * taps
      for (let at = first; at < end; at += 3, to += 3) {
        result[to] = weightedSum(data, at, rowBytes, coefficients, firstTap, taps) * red + red0
        result[to + 1] = weightedSum(data, at + 1, rowBytes, coefficients, firstTap, taps) * green + green0
        result[to + 2] = weightedSum(data, at + 2, rowBytes, coefficients, firstTap, taps) * blue + blue0
      }
      continue
    }
    const a = coefficients[index * 2]!
    const b = coefficients[index * 2 + 1]!
    if (index + 1 === length || starts[index + 1] !== starts[index]) {
      for (let at = first, below = end; at < end; at += 3, below += 3, to += 3) {
        result[to] = blend(a, data[at]!, b, data[below]!) * red + red0
        result[to + 1] = blend(a, data[at + 1]!, b, data[below + 1]!) * green + green0
        result[to + 2] = blend(a, data[at + 2]!, b, data[below + 2]!) * blue + blue0
      }
      continue
    }
    index++
    const c = coefficients[index * 2]!
    const d = coefficients[index * 2 + 1]!
    for (
      let at = first, below = end, next = to + rowBytes;
      at < end;
      at += 3, below += 3, to += 3, next += 3
    ) {
      const upperRed = data[at]!
      const lowerRed = data[below]!
      const upperGreen = data[at + 1]!
      const lowerGreen = data[below + 1]!
      const upperBlue = data[at + 2]!
      const lowerBlue = data[below + 2]!
      result[to] = blend(a, upperRed, b, lowerRed) * red + red0
      result[next] = blend(c, upperRed, d, lowerRed) * red + red0
      result[to + 1] = blend(a, upperGreen, b, lowerGreen) * green + green0
      result[next + 1] = blend(c, upperGreen, d, lowerGreen) * green + green0
      result[to + 2] = blend(a, upperBlue, b, lowerBlue) * blue + blue0
      result[next + 2] = blend(c, upperBlue, d, lowerBlue) * blue + blue0
    }
  }
}

/** Resamples columns [firstColumn, endColumn) from top to bottom into `result`, bytes [rows.length, columns, 3]. */
export function resampleRows(
  { data, width, top, left }: Pixels,
  rows: AxisMap,
  firstColumn: number,
  endColumn: number,
  result: Uint8Array,
): void {
  const { length, taps, starts, coefficients } = rows
  const rowBytes = width * 3
  let position = 0
  for (let index = 0; index < length; index++) {
    const rowStart = (starts[index]! - top) * width - left
    const end = (rowStart + endColumn) * 3
    for (let column = (rowStart + firstColumn) * 3; column < end; column++, position++) {
      result[position] = weightedSum(data, column, rowBytes, coefficients, index * taps, taps)
    }
  }
}

/** The rounded sum of levels a stride apart, weighted by coefficients from `first` on. */
function weightedSum(
  data: Uint8Array,
  source: number,
  stride: number,
  coefficients: Int32Array,
  first: number,
  taps: number,
): number {
  let sum = half
  for (let tap = first, end = first + taps, from = source; tap < end; tap++, from += stride) {
    sum = (sum + Math.imul(coefficients[tap]!, data[from]!)) | 0
  }
  return sum >> coefficientBits
}

/** The rounded sum of two weighted levels. */
function blend(a: number, first: number, b: number, second: number): number {
  return (half + Math.imul(a, first) + Math.imul(b, second)) >> coefficientBits
}
