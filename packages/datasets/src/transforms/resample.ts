import type { RgbImage } from '../rgb-image.js'
import { type AxisMap, startOf } from './axis-map.js'
import type { LevelMap } from './level-map.js'
import { instantiate, levelFloats, spill } from './resample-kernels.js'

/** Which rows and columns of a picture are summed, which of both first, and what becomes of the levels. */
export interface Resampling {
  readonly columns: AxisMap
  readonly rows: AxisMap
  readonly columnsFirst: boolean
  readonly levels: LevelMap
}

let resampler: Resampler | undefined

/** Memory that a huge picture made larger is let go. */
const mostKeptBytes = 1 << 26

/**
 * Resamples a picture along one axis, rounds to levels, resamples these along the other one, rounds again and replaces each
 * level by `level * scale + shift` of its channel, in single precision.
 *
 * @param output takes [rows.length, columns.length, 3] values.
 */
export function resample(image: RgbImage, resampling: Resampling, output: Float32Array): void {
  resampler ??= new Resampler()
  resampler.resample(image, resampling, output)
  if (resampler.heldBytes > mostKeptBytes) resampler = undefined
}

/** Bytes of a pixel in the source, and of one between and after the passes. */
const [pixelBytes, wideBytes] = [3, 12]

/**
 * The passes and their memory: scales and shifts, the tables of both axes, then for a band of the result's rows what lies
 * between the passes, the source and the values.
 */
class Resampler {
  readonly #kernels = instantiate()
  #bytes = new Uint8Array(0)
  #integers = new Int32Array(0)
  #floats = new Float32Array(0)

  get heldBytes(): number {
    return this.#bytes.length
  }

  resample(image: RgbImage, resampling: Resampling, output: Float32Array): void {
    const { columns, rows, columnsFirst, levels } = resampling
    const columnTable = 8 * levelFloats
    const rowTable = columnTable + columns.table.byteLength
    const between = aligned(rowTable + rows.table.byteLength)
    this.#reserve(between)
    this.#putLevels(levels)
    this.#integers.set(columns.table, columnTable / 4)
    this.#integers.set(rows.table, rowTable / 4)
    const passes = { image, columns, rows, columnTable, rowTable, between, output }
    if (columnsFirst) this.#columnsThenRows(passes)
    else this.#rowsThenColumns(passes)
  }

  #columnsThenRows({ image, columns, rows, columnTable, rowTable, between, output }: Passes): void {
    const rowBytes = columns.length * wideBytes
    const window = sourceWindow(image, columns)
    let held = { top: 0, end: 0 }
    for (const { top, end, from, to } of bandsOf(rows, window.stride + rowBytes, rowBytes)) {
      const firstNew = Math.max(from, held.end)
      const source = between + (to - from) * rowBytes + spill
      const values = aligned(source + (to - firstNew) * window.stride + spill)
      this.#reserve(values + (end - top) * rowBytes + spill)
      // Rows that the band above needed as well.
      if (held.end > from) {
        const kept = between + (from - held.top) * rowBytes
        this.#bytes.copyWithin(between, kept, between + (held.end - held.top) * rowBytes)
      }
      this.#putSource(image, window, firstNew, to, source)
      this.#kernels.columnsOfBytes(
        source,
        window.stride,
        window.left,
        columnTable,
        columns.length,
        columns.taps,
        to - firstNew,
        between + (firstNew - from) * rowBytes,
      )
      held = { top: from, end: to }
      this.#kernels.rowsToValues(
        between,
        rowBytes,
        from,
        rowTable + 4 * top * (1 + rows.taps),
        end - top,
        rows.taps,
        3 * columns.length,
        values,
      )
      this.#take(values, output, top * 3 * columns.length, end * 3 * columns.length)
    }
  }

  #rowsThenColumns({ image, columns, rows, columnTable, rowTable, between, output }: Passes): void {
    const width = columns.end - columns.start
    const window = sourceWindow(image, columns)
    for (const { top, end, from, to } of bandsOf(rows, window.stride, (width + columns.length) * wideBytes)) {
      const source = between + (end - top) * width * wideBytes + spill
      const values = aligned(source + (to - from) * window.stride + spill)
      this.#reserve(values + (end - top) * columns.length * wideBytes + spill)
      this.#putSource(image, window, from, to, source)
      this.#kernels.rowsOfBytes(
        source + (columns.start - window.left) * pixelBytes,
        window.stride,
        from,
        rowTable + 4 * top * (1 + rows.taps),
        end - top,
        rows.taps,
        3 * width,
        between,
      )
      this.#kernels.columnsToValues(
        between,
        width * wideBytes,
        columns.start,
        columnTable,
        columns.length,
        columns.taps,
        end - top,
        values,
      )
      this.#take(values, output, top * 3 * columns.length, end * 3 * columns.length)
    }
  }

  #putLevels({ scale, shift }: LevelMap): void {
    for (let at = 0; at < levelFloats; at++) {
      this.#floats[at] = scale[at % 3]!
      this.#floats[levelFloats + at] = shift[at % 3]!
    }
  }

  #putSource(
    { data, width }: RgbImage,
    { left, stride }: SourceWindow,
    top: number,
    end: number,
    to: number,
  ): void {
    const imageStride = width * pixelBytes
    if (stride === imageStride) {
      this.#bytes.set(data.subarray(top * stride, end * stride), to)
      return
    }
    for (let row = top; row < end; row++) {
      const start = row * imageStride + left * pixelBytes
      this.#bytes.set(data.subarray(start, start + stride), to + (row - top) * stride)
    }
  }

  #take(values: number, output: Float32Array, first: number, end: number): void {
    output.set(this.#floats.subarray(values / 4, values / 4 + end - first), first)
  }

  #reserve(bytes: number): void {
    const { memory } = this.#kernels
    const missing = bytes - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes))
    if (this.#bytes.buffer === memory.buffer) return
    this.#bytes = new Uint8Array(memory.buffer)
    this.#integers = new Int32Array(memory.buffer)
    this.#floats = new Float32Array(memory.buffer)
  }
}

const pageBytes = 1 << 16

interface Passes extends Pick<Resampling, 'columns' | 'rows'> {
  readonly image: RgbImage
  readonly columnTable: number
  readonly rowTable: number
  readonly between: number
  readonly output: Float32Array
}

/** The part of the source's rows that is copied: its first column, and its bytes a row. */
interface SourceWindow {
  readonly left: number
  readonly stride: number
}

/** Whole rows, which lie side by side, unless less than half of them is needed. */
function sourceWindow({ width }: RgbImage, { start, end }: AxisMap): SourceWindow {
  const needed = end - start
  return 2 * needed < width
    ? { left: start, stride: needed * pixelBytes }
    : { left: 0, stride: width * pixelBytes }
}

/** Rows of the result from `top` up to, not including, `end`, and the source rows that they are sums of. */
interface Band {
  readonly top: number
  readonly end: number
  readonly from: number
  readonly to: number
}

/** What a band may take unless a single row of the result needs more: it should stay in a core's own cache. */
const bandBytes = 1 << 20

/** Bands of the result that take so many bytes for each row of the source and of the result. */
function* bandsOf(rows: AxisMap, sourceBytes: number, resultBytes: number): Generator<Band> {
  const bandFrom = (top: number, end: number): Band => ({
    top,
    end,
    from: startOf(rows, top),
    to: startOf(rows, end - 1) + rows.taps,
  })
  const fits = ({ top, end, from, to }: Band) =>
    (to - from) * sourceBytes + (end - top) * resultBytes <= bandBytes
  const whole = bandFrom(0, rows.length)
  if (fits(whole)) return yield whole
  for (let top = 0; top < rows.length;) {
    let band = bandFrom(top, top + 1)
    for (let end = top + 2; end <= rows.length; end++) {
      const larger = bandFrom(top, end)
      if (!fits(larger)) break
      band = larger
    }
    yield band
    top = band.end
  }
}

function aligned(address: number): number {
  return Math.ceil(address / 16) * 16
}
