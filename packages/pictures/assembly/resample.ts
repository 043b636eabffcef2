// The two passes of a resize, four values at a time. AssemblyScript: `npm run compile -w packages/pictures`
// compiles it into src/transforms/resample-module.ts; src/transforms/resample.ts fills the memory and calls
// it.
//
// The values of a picture are its rows, the red, green and blue of a pixel side by side: bytes in the source,
// 32-bit integers between the passes, floats at the end. Vectors read and write up to 48 bytes past the last
// value; rows are written from top to bottom, so that each covers what the one above spilt.
//
// All passes have the same parameters: from address of the first value of the first row stride bytes from one
// row to the next first coordinate of that row or of that column, from which `starts` count axis address of
// an AxisMap's table: for each of `length` positions its start, then its `taps` coefficients count what the
// other axis has: rows of columns, values of rows to address of the result, without gaps between rows

/** Bits after the binary point of a coefficient. */
const coefficientBits = 22

/** Makes of the shift that cuts a sum off one that rounds it. */
const half = 1 << (coefficientBits - 1)

/** Where a level becomes a value: 12 scales, which are those of four pixels, and 12 shifts. */
const scales: usize = 0
const shifts: usize = 48

/** Resamples `count` rows along their length. */
function resampleColumns<From, To>(
  from: usize,
  stride: i32,
  first: i32,
  axis: usize,
  length: i32,
  taps: i32,
  count: i32,
  to: usize,
): void {
  const pixel: usize = 3 * sizeof<From>()
  const scale = v128.load(scales)
  const shift = v128.load(shifts)
  const tableEnd = axis + 4 * length * (1 + taps)
  from -= first * pixel
  for (let row = 0; row < count; row++, from += stride) {
    for (let entry = axis; entry < tableEnd; to += 12) {
      let at = from + <usize>load<i32>(entry) * pixel
      let sum = i32x4.splat(half)
      const coefficientsEnd = entry + 4 * (1 + taps)
      for (entry += 4; entry < coefficientsEnd; entry += 4, at += pixel) {
        sum = i32x4.add(sum, i32x4.mul(four<From>(at), v128.load32_splat(entry)))
      }
      v128.store(to, rounded<To>(sum, scale, shift))
    }
  }
}

/** Resamples `count` columns of values from top to bottom. */
function resampleRows<From, To>(
  from: usize,
  stride: i32,
  first: i32,
  axis: usize,
  length: i32,
  taps: i32,
  count: i32,
  to: usize,
): void {
  const vector: usize = 4 * sizeof<From>()
  const scale0 = v128.load(scales)
  const scale1 = v128.load(scales, 16)
  const scale2 = v128.load(scales, 32)
  const shift0 = v128.load(shifts)
  const shift1 = v128.load(shifts, 16)
  const shift2 = v128.load(shifts, 32)
  from -= first * stride
  for (let row = 0; row < length; row++, axis += 4 * (1 + taps)) {
    let top = from + load<i32>(axis) * stride
    const end = to + 4 * count
    for (let values = to; values < end; values += 48, top += 3 * vector) {
      let at = top
      let sum0 = i32x4.splat(half)
      let sum1 = sum0
      let sum2 = sum0
      for (let tap = 0; tap < taps; tap++, at += stride) {
        const coefficient = v128.load32_splat(axis + 4 * tap, 4)
        sum0 = i32x4.add(sum0, i32x4.mul(four<From>(at), coefficient))
        sum1 = i32x4.add(sum1, i32x4.mul(four<From>(at + vector), coefficient))
        sum2 = i32x4.add(sum2, i32x4.mul(four<From>(at + 2 * vector), coefficient))
      }
      v128.store(values, rounded<To>(sum0, scale0, shift0))
      v128.store(values, rounded<To>(sum1, scale1, shift1), 16)
      v128.store(values, rounded<To>(sum2, scale2, shift2), 32)
    }
    to = end
  }
}

/** Four values as integers. */
function four<From>(at: usize): v128 {
  if (sizeof<From>() == 4) return v128.load(at)
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)))
}

/** Four sums as levels, 0-255; as what becomes of these at the end. */
function rounded<To>(sum: v128, scale: v128, shift: v128): v128 {
  const level = i32x4.min_s(i32x4.max_s(i32x4.shr_s(sum, coefficientBits), i32x4.splat(0)), i32x4.splat(255))
  if (isFloat<To>()) return f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(level), scale), shift)
  return level
}

/** Columns in the first pass. */
export function columnsOfBytes(
  from: usize,
  stride: i32,
  first: i32,
  axis: usize,
  length: i32,
  taps: i32,
  count: i32,
  to: usize,
): void {
  resampleColumns<u8, i32>(from, stride, first, axis, length, taps, count, to)
}

/** Rows in the first pass. */
export function rowsOfBytes(
  from: usize,
  stride: i32,
  first: i32,
  axis: usize,
  length: i32,
  taps: i32,
  count: i32,
  to: usize,
): void {
  resampleRows<u8, i32>(from, stride, first, axis, length, taps, count, to)
}

/** Columns in the last pass. */
export function columnsToValues(
  from: usize,
  stride: i32,
  first: i32,
  axis: usize,
  length: i32,
  taps: i32,
  count: i32,
  to: usize,
): void {
  resampleColumns<i32, f32>(from, stride, first, axis, length, taps, count, to)
}

/** Rows in the last pass. */
export function rowsToValues(
  from: usize,
  stride: i32,
  first: i32,
  axis: usize,
  length: i32,
  taps: i32,
  count: i32,
  to: usize,
): void {
  resampleRows<i32, f32>(from, stride, first, axis, length, taps, count, to)
}
