import { medianOf } from './class-counts.js'
import type { OddSize, PixelSize, SizeSummary } from './dataset-check.js'
import type { PrintedImage } from './duplicate-groups.js'

/** The longer side of an ordinary picture is at most so many times the shorter. */
const mostElongation = 4
/** Where at least this share of the pictures has one size, the others are unlike them. */
const uniformShare = 0.95
/** An ordinary picture has at least this share of the median area. */
const leastArea = 1 / 25

/** The range of the pictures' sizes. */
export function sizeSummary(images: readonly PrintedImage[]): SizeSummary {
  let smallest: PixelSize | null = null
  let largest: PixelSize | null = null
  for (const { print } of images) {
    if (!smallest || areaOf(print) < areaOf(smallest)) smallest = sizeOf(print)
    if (!largest || areaOf(print) > areaOf(largest)) largest = sizeOf(print)
  }
  return { smallest, largest, mostCommon: mostCommonSize(images) }
}

/**
 * Pictures whose size is out of the ordinary, each with the first reason that holds.
 *
 * @param smallest the shorter side, in pixels, below which a picture is tiny
 */
export function oddSizes(images: readonly PrintedImage[], smallest: number): OddSize[] {
  if (images.length === 0) return []
  const median = medianOf(Float64Array.from(images, ({ print }) => areaOf(print)).sort())
  const common = mostCommonSize(images)!
  const isUniform = common.images >= uniformShare * images.length
  return images.flatMap(({ place, print: { width, height } }) => {
    const kind =
      Math.min(width, height) < smallest
        ? 'tiny'
        : Math.max(width, height) > mostElongation * Math.min(width, height)
          ? 'elongated'
          : isUniform && (width !== common.width || height !== common.height)
            ? 'unlike'
            : width * height < leastArea * median
              ? 'small'
              : undefined
    return kind === undefined ? [] : [{ ...place, width, height, kind } as const]
  })
}

function mostCommonSize(images: readonly PrintedImage[]): SizeSummary['mostCommon'] {
  const counts = new Map<string, PixelSize & { images: number }>()
  for (const { print } of images) {
    const key = `${print.width}x${print.height}`
    const known = counts.get(key)
    if (known) known.images++
    else counts.set(key, { ...sizeOf(print), images: 1 })
  }
  return [...counts.values()].reduce<SizeSummary['mostCommon']>(
    (most, size) => (!most || size.images > most.images ? size : most),
    null,
  )
}

function sizeOf({ width, height }: PixelSize): PixelSize {
  return { width, height }
}

function areaOf({ width, height }: PixelSize): number {
  return width * height
}
