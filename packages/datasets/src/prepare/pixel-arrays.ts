import { NumpyArray, type PickleValue } from '@m2l/pickle'
import type { RgbImage } from '@m2l/pictures'
import type { PickledFile } from './pickle-file.js'

/** Pictures as bare pixels. */
export interface PixelArrays {
  readonly count: number
  read(index: number): Promise<RgbImage>
}

/**
 * The pictures of a numpy array of shape [count, height, width, 3], or of a list of arrays of shape [height,
 * width, 3], all of bytes; undefined where the value is neither.
 */
export function pixelArrays(file: PickledFile, value: PickleValue | undefined): PixelArrays | undefined {
  if (value instanceof NumpyArray) return wholeArray(file, value)
  if (!Array.isArray(value) || !value.every((one) => one instanceof NumpyArray && isPicture(one)))
    return undefined
  const arrays = value as NumpyArray[]
  return {
    count: arrays.length,
    async read(index) {
      const { shape, data } = arrays[index]!
      return { height: shape[0]!, width: shape[1]!, data: await file.bytes(data) }
    },
  }
}

function wholeArray(file: PickledFile, array: NumpyArray): PixelArrays | undefined {
  const [count = 0, height = 0, width = 0] = array.shape
  if (array.shape.length !== 4 || !isPixels(array)) return undefined
  const size = height * width * 3
  return {
    count,
    read: async (index) => ({ width, height, data: await file.bytes(array.data, index * size, size) }),
  }
}

function isPicture(array: NumpyArray): boolean {
  return array.shape.length === 3 && isPixels(array)
}

/** Bytes in rows of red, green and blue, of at least one pixel. */
function isPixels({ dtype, shape, fortranOrder }: NumpyArray): boolean {
  return dtype === '|u1' && !fortranOrder && shape.at(-1) === 3 && shape.slice(-3).every((side) => side > 0)
}
