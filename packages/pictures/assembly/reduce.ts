// One row of the means of boxes of pixels. AssemblyScript, compiled beside resample.ts;
// src/transforms/reduce.ts calls it.

/**
 * Sums rows of pixels, 32 bytes at a time, then boxes of them, and divides as Pillow's `reduce` does: by a
 * reciprocal with 24 bits after the binary point, halves up.
 *
 * @param from address of the rows, without gaps between them; up to 31 bytes past their end are read
 * @param width pixels of a row
 * @param rows at most 256, so that sums of bytes fit into 16 bits
 * @param factor pixels of a box; fewer at the end of a row
 * @param sums address of what lies between, two bytes for each byte of a row and 62 more
 * @param to address of the result, three bytes a box
 */
export function reduceRows(from: usize, width: i32, rows: i32, factor: i32, sums: usize, to: usize): void {
  const bytes: usize = 3 * width
  const rowsEnd = from + bytes * rows
  for (let at: usize = 0; at < bytes; at += 32) {
    let a = i16x8.splat(0)
    let b = i16x8.splat(0)
    let c = i16x8.splat(0)
    let d = i16x8.splat(0)
    for (let row = from + at; row < rowsEnd; row += bytes) {
      const first = v128.load(row)
      const second = v128.load(row, 16)
      a = i16x8.add(a, i16x8.extend_low_i8x16_u(first))
      b = i16x8.add(b, i16x8.extend_high_i8x16_u(first))
      c = i16x8.add(c, i16x8.extend_low_i8x16_u(second))
      d = i16x8.add(d, i16x8.extend_high_i8x16_u(second))
    }
    v128.store(sums + 2 * at, a)
    v128.store(sums + 2 * at, b, 16)
    v128.store(sums + 2 * at, c, 32)
    v128.store(sums + 2 * at, d, 48)
  }
  for (let column = 0; column < width; column += factor, to += 3) {
    const columns = min(factor, width - column)
    const pixels: u32 = rows * columns
    const reciprocal: u32 = (1 << 24) / pixels
    let red: u32 = pixels / 2
    let green = red
    let blue = red
    for (const end = sums + 6 * columns; sums < end; sums += 6) {
      red += load<u16>(sums)
      green += load<u16>(sums, 2)
      blue += load<u16>(sums, 4)
    }
    store<u8>(to, (red * reciprocal) >> 24)
    store<u8>(to, (green * reciprocal) >> 24, 1)
    store<u8>(to, (blue * reciprocal) >> 24, 2)
  }
}
