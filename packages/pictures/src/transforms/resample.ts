import type { RgbImage } from '../rgb-image.js'
import type { AxisMap } from './axis-map.js'
import type { LevelMap } from './level-map.js'
import { instantiate, levelFloats, spill } from './resample-kernels.js'
import { rowBands } from './row-bands.js'

/** Which rows and columns of a picture are summed, which of both first, and what becomes of the levels. */
export interface Resampling {
  readonly columns: AxisMap
  readonly rows: AxisMap
  readonly columnsFirst: boolean
  readonly levels: LevelMap
}

let resampler: Resampler | undefined

/** Memory that a huge picture made larger than this is let go. */
const mostKeptBytes = 2 ** 26

/**
 * Resamples a picture along one axis, rounds to levels, resamples these along the other one, rounds again and
 * replaces each level by what {@link LevelMap} makes of it.
 *
 * @param output takes [rows.length, columns.length, 3] values.
 * @throws {RangeError} when one row of the result needs more memory than WebAssembly has, which is 4 GiB.
 */
export function resample(image: RgbImage, resampling: Resampling, output: Float32Array): void {
  resampler ??= new Resampler()
  resampler.resample(image, resampling, output)
  if (resampler.heldBytes > mostKeptBytes) resampler = undefined
}

/** What a band of rows may take, so that it stays in a core's own cache. */
const mostBandBytes = 2 ** 20

/** Bytes of a pixel in the source, and of one between the passes and after them. */
const [sourcePixel, widePixel] = [3, 12]

/**
 * The passes and their memory: scales and shifts, the tables of both axes, and, for one band of the result's
 * rows after the other, what lies between the passes, the source and the values.
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
    for (let at = 0; at < levelFloats; at++) {
      this.#floats[at] = levels.scale[at % 3]!
      this.#floats[levelFloats + at] = levels.shift[at % 3]!
    }
    this.#integers.set(columns.table, columnTable / 4)
    this.#integers.set(rows.table, rowTable / 4)
    const placed = { image, columns, rows, columnTable, rowTable, between, output }
    if (columnsFirst) this.#columnsThenRows(placed)
    else this.#rowsThenColumns(placed)
  }

  #columnsThenRows({ image, columns, rows, columnTable, rowTable, between, output }: Placed): void {
    const { left, stride } = sourceWindow(image, columns)
    const rowBytes = columns.length * widePixel
    let held = { from: 0, to: 0 }
    for (const band of rowBands(rows, mostBandBytes, stride + rowBytes, rowBytes)) {
      const { top, end, from, to } = band
      const firstNew = Math.max(from, held.to)
      const source = between + (to - from) * rowBytes + spill
      const values = aligned(source + (to - firstNew) * stride + spill)
      this.#reserve(values + (end - top) * rowBytes + spill)
      if (held.to > from) {
        // The band above has summed these rows.
        const shared = between + (from - held.from) * rowBytes
        this.#bytes.copyWithin(between, shared, between + (held.to - held.from) * rowBytes)
      }
      this.#putSource(image, left, stride, firstNew, to, source)
      this.#kernels.columnsOfBytes(
        source,
        stride,
        left,
        columnTable,
        columns.length,
        columns.taps,
        to - firstNew,
        between + (firstNew - from) * rowBytes,
      )
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
      this.#take(values, output, 3 * columns.length * top, 3 * columns.length * end)
      held = band
    }
  }

  #rowsThenColumns({ image, columns, rows, columnTable, rowTable, between, output }: Placed): void {
    const { left, stride } = sourceWindow(image, columns)
    const width = columns.end - columns.start
    const bytesAfter = (width + columns.length) * widePixel
    for (const { top, end, from, to } of rowBands(rows, mostBandBytes, stride, bytesAfter)) {
      const source = between + (end - top) * width * widePixel + spill
      const values = aligned(source + (to - from) * stride + spill)
      this.#reserve(values + (end - top) * columns.length * widePixel + spill)
      this.#putSource(image, left, stride, from, to, source)
      this.#kernels.rowsOfBytes(
        source + (columns.start - left) * sourcePixel,
        stride,
        from,
        rowTable + 4 * top * (1 + rows.taps),
        end - top,
        rows.taps,
        3 * width,
        between,
      )
      this.#kernels.columnsToValues(
        between,
        width * widePixel,
        columns.start,
        columnTable,
        columns.length,
        columns.taps,
        end - top,
        values,
      )
      this.#take(values, output, 3 * columns.length * top, 3 * columns.length * end)
    }
  }

  /** Copies rows of the source, or the part of them that begins at `left`, to an address. */
  #putSource(
    { width, data }: RgbImage,
    left: number,
    stride: number,
    top: number,
    end: number,
    address: number,
  ): void {
    if (stride === width * sourcePixel) {
      this.#bytes.set(data.subarray(top * stride, end * stride), address)
      return
    }
    for (let row = top, to = address; row < end; row++, to += stride) {
      const start = (row * width + left) * sourcePixel
      this.#bytes.set(data.subarray(start, start + stride), to)
    }
  }

  /** Copies the values at an address to places of the output. */
  #take(address: number, output: Float32Array, first: number, end: number): void {
    output.set(this.#floats.subarray(address / 4, address / 4 + end - first), first)
  }

  /** Makes the memory as large as this, with all that it holds. */
  #reserve(bytes: number): void {
    const { memory } = this.#kernels
    const missing = bytes - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / 2 ** 16))
    if (this.#bytes.buffer === memory.buffer) return
    this.#bytes = new Uint8Array(memory.buffer)
    this.#integers = new Int32Array(memory.buffer)
    this.#floats = new Float32Array(memory.buffer)
  }
}

/**
 * A picture, how its axes are summed and into what; the addresses of the tables and of what comes after them.
 */
interface Placed {
  readonly image: RgbImage
  readonly columns: AxisMap
  readonly rows: AxisMap
  readonly columnTable: number
  readonly rowTable: number
  readonly between: number
  readonly output: Float32Array
}

/**
 * Which part of the source's rows is copied: whole rows, which is one copy, unless less than half of them is
 * needed.
 */
function sourceWindow({ width }: RgbImage, { start, end }: AxisMap): { left: number; stride: number } {
  return 2 * (end - start) < width
    ? { left: start, stride: (end - start) * sourcePixel }
    : { left: 0, stride: width * sourcePixel }
}

function aligned(address: number): number {
  return Math.ceil(address / 16) * 16
}
