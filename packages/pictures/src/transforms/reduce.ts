import type { RgbImage } from '../rgb-image.js'
import { instantiate, type ResampleKernels, spill } from './resample-kernels.js'
import type { Size } from './view.js'

/** Sums of so many rows of bytes fit into 16 bits. */
const largestFactor = 256

/**
 * How many pixels of a picture, across and down, become one: as many as leave its shorter side at least so
 * long; 1 where nothing is to be reduced.
 */
export function reductionFactor({ width, height }: Size, reduceTo: number): number {
  return Math.min(largestFactor, Math.max(1, Math.floor(Math.min(width, height) / reduceTo)))
}

/** A picture whose shorter side is at least twice so long, reduced; any other as it is. */
export function reducedTo<Picture extends RgbImage>(
  image: Picture,
  reduceTo = Number.POSITIVE_INFINITY,
): Picture {
  const factor = reductionFactor(image, reduceTo)
  return factor === 1 ? image : { ...image, ...reduce(image, factor) }
}

/** Source rows that pass through the memory at once, so that they stay in a core's own cache. */
const mostBandBytes = 2 ** 20

/** Memory that a huge picture made larger than this is let go. */
const mostKeptBytes = 2 ** 26

let kernels: ResampleKernels | undefined

/**
 * The means of boxes of pixels, to the bit as Pillow's `Image.reduce`: boxes at the right and lower edges are
 * smaller where the sides are no multiples. Halves go up; a mean may come out two thirds of a level too low,
 * as its reciprocal is cut off.
 *
 * @param factor whole, from 1 to 256
 */
export function reduce({ width, height, data }: RgbImage, factor: number): RgbImage {
  kernels ??= instantiate()
  const [columns, rows] = [Math.ceil(width / factor), Math.ceil(height / factor)]
  const [rowBytes, resultBytes] = [3 * width, 3 * columns]
  const bandRows = Math.min(rows, Math.max(1, Math.floor(mostBandBytes / (rowBytes * factor))))
  const result = 2 * rowBytes + 64
  const source = result + bandRows * resultBytes
  const bytes = memoryOf(kernels, source + bandRows * factor * rowBytes + spill)
  const reduced = new Uint8Array(rows * resultBytes)
  for (let top = 0; top < rows; top += bandRows) {
    const end = Math.min(rows, top + bandRows)
    bytes.set(data.subarray(top * factor * rowBytes, end * factor * rowBytes), source)
    for (let row = top; row < end; row++) {
      const from = source + (row - top) * factor * rowBytes
      const boxRows = Math.min(factor, height - row * factor)
      kernels.reduceRows(from, width, boxRows, factor, 0, result + (row - top) * resultBytes)
    }
    reduced.set(bytes.subarray(result, result + (end - top) * resultBytes), top * resultBytes)
  }
  if (bytes.length > mostKeptBytes) kernels = undefined
  return { width: columns, height: rows, data: reduced }
}

function memoryOf({ memory }: ResampleKernels, bytes: number): Uint8Array {
  const missing = bytes - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / 2 ** 16))
  return new Uint8Array(memory.buffer)
}
