import type { RgbImage } from '@m2l/pictures'
import { requireDistinct } from './class-names.js'
import type { ClassImages, LayoutIndex } from './layout.js'

/** CIFAR-100's own halves, which have all classes in common. */
export const cifarHalves = ['train', 'test'] as const

/** Bytes of an image: 32 x 32 reds, then as many greens, then as many blues, row by row. */
export const cifarImageBytes = 3072

/** One of CIFAR-100's halves. */
export interface CifarHalf {
  readonly name: string
  /** Fine class of each image, as an index into the class names. */
  readonly labels: ArrayLike<number>
  /** The {@link cifarImageBytes} bytes of an image. */
  pixels(index: number): Promise<Buffer>
}

/**
 * CIFAR-100 from either of its releases, whose class names are in `source`. Images of both halves are one
 * class's images; their ids are `train/00000` to `test/09999`, by their place in the file.
 *
 * @throws InputError when a class name comes twice
 */
export function cifarIndex(
  source: string,
  classNames: readonly string[],
  halves: readonly CifarHalf[],
): LayoutIndex {
  requireDistinct(source, classNames)
  const classes: ClassImages = new Map(classNames.map((name) => [name, []]))
  for (const half of halves) {
    for (let index = 0; index < half.labels.length; index++) {
      classes.get(classNames[half.labels[index]!]!)!.push(`${half.name}/${String(index).padStart(5, '0')}`)
    }
  }
  return {
    groups: new Map([['all', classes]]),
    rotated: false,
    async read(id) {
      const [name, index] = id.split('/')
      const half = halves.find((candidate) => candidate.name === name)!
      return interleave(await half.pixels(Number(index)))
    },
  }
}

function interleave(planes: Buffer): RgbImage {
  const data = new Uint8Array(cifarImageBytes)
  const plane = cifarImageBytes / 3
  for (let pixel = 0; pixel < plane; pixel++) {
    data[3 * pixel] = planes[pixel]!
    data[3 * pixel + 1] = planes[plane + pixel]!
    data[3 * pixel + 2] = planes[2 * plane + pixel]!
  }
  return { width: 32, height: 32, data }
}
