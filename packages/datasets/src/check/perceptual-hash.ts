import type { RgbImage } from '@m2l/pictures'
import { renderPixels, wholeWindow } from '@m2l/pictures/pixels'

/** What a picture looks like, in few enough numbers to keep them for every picture of a data set. */
export interface Look {
  /**
   * 64 bits, four words of 16; absent where the picture is so even that they would tell noise. Bit `8 i + j`
   * says whether the cosine of frequency i down and j across lies above the median of all 64.
   */
  readonly hash?: Uint16Array
  /** Mean levels of a grid of 8x8 fields, row by row, red, green and blue side by side. */
  readonly colours: Uint8Array
}

/** The side of the square that is hashed, of the frequencies kept, and of the grid of colours. */
const side = 32
const frequencies = 8
const fields = 8

/** A standard deviation, in levels of grey, below which a picture is even. */
const leastContrast = 4

/**
 * The perceptual hash pHash of a picture, and its coarse colours. The hash is that of C. Zauner,
 * "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), as Python's ImageHash computes
 * it: grey, 32x32, the 8x8 lowest frequencies of the discrete cosine transform, compared with their median.
 * It hardly changes with size, sharpness, compression or brightness.
 */
export function lookOf(image: RgbImage): Look {
  const { data } = renderPixels(
    [image],
    [[{ window: wholeWindow(image), size: { height: side, width: side }, flip: false }]],
  )
  const grey = greyOf(data)
  const colours = coloursOf(data)
  return deviation(grey) < leastContrast ? { colours } : { hash: hashOf(grey), colours }
}

/**
 * How many of their 64 bits differ, from 0 for the same look to about 32 for looks that have nothing in
 * common.
 */
export function hashDistance(a: Uint16Array, b: Uint16Array): number {
  return bitsOf(a[0]! ^ b[0]!) + bitsOf(a[1]! ^ b[1]!) + bitsOf(a[2]! ^ b[2]!) + bitsOf(a[3]! ^ b[3]!)
}

/** The set bits of a 16-bit word. */
export function bitsOf(word: number): number {
  let sum = word - ((word >> 1) & 0x5555)
  sum = (sum & 0x3333) + ((sum >> 2) & 0x3333)
  sum = (sum + (sum >> 4)) & 0x0f0f
  return (sum + (sum >> 8)) & 0x1f
}

/** The mean absolute difference of two grids of colours, in levels from 0 to 255. */
export function colourDistance(a: Uint8Array, b: Uint8Array): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += Math.abs(a[index]! - b[index]!)
  return sum / a.length
}

/** The luma of ITU-R 601, as Pillow's `convert('L')`. */
function greyOf(rgb: Float32Array): Float64Array {
  return Float64Array.from(
    { length: side * side },
    (_, pixel) => 0.299 * rgb[3 * pixel]! + 0.587 * rgb[3 * pixel + 1]! + 0.114 * rgb[3 * pixel + 2]!,
  )
}

function coloursOf(rgb: Float32Array): Uint8Array {
  const sums = new Float64Array(fields * fields * 3)
  const step = side / fields
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const field = Math.floor(row / step) * fields + Math.floor(column / step)
      for (let channel = 0; channel < 3; channel++) {
        sums[3 * field + channel]! += rgb[3 * (row * side + column) + channel]!
      }
    }
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / step ** 2))
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/** Row `frequency` of the cosine transform: how the samples of a line are weighted. */
const cosines = Array.from({ length: frequencies }, (_, frequency) =>
  Float64Array.from({ length: side }, (_line, at) =>
    Math.cos((Math.PI * frequency * (2 * at + 1)) / (2 * side)),
  ),
)

function hashOf(grey: Float64Array): Uint16Array {
  const values = new Float64Array(frequencies ** 2)
  cosines.forEach((across, j) => {
    const ofRows = Float64Array.from({ length: side }, (_, row) => {
      let sum = 0
      for (let column = 0; column < side; column++) sum += across[column]! * grey[row * side + column]!
      return sum
    })
    cosines.forEach((down, i) => {
      values[i * frequencies + j] = ofRows.reduce((sum, value, row) => sum + value * down[row]!, 0)
    })
  })
  const sorted = values.toSorted()
  const median = (sorted[31]! + sorted[32]!) / 2
  const hash = new Uint16Array(4)
  values.forEach((value, bit) => {
    if (value > median) hash[bit >> 4]! |= 1 << (bit & 15)
  })
  return hash
}
