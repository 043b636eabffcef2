import { InputError } from '@m2l/engine'
import type { DecodeOptions } from '@m2l/pictures'
import type { Undecodable } from '@m2l/pictures/pixels'
import { PictureDecoder } from '../decoding/picture-decoder.js'
import { exclusionsOf } from '../exclusions/exclusion-list.js'
import { leaveOut } from '../exclusions/leave-out.js'
import { eachFileOnce, passedOverBy } from '../layouts/each-file-once.js'
import type { LayoutName } from '../layouts/layout.js'
import { readLayout } from '../layouts/read-layout.js'
import { datasetName } from '../open-dataset.js'
import { joinLeftOut } from '../sources/left-out.js'
import { openTree } from '../sources/open-tree.js'
import { recordedTree } from '../sources/recorded-tree.js'
import { type SplitFile, splitOfOption } from '../splits/split-file.js'
import { balanceOf, nearEmptyClasses } from './class-counts.js'
import { countRemarks } from './count-remarks.js'
import type { BrokenImage, DatasetCheck, ImagePlace } from './dataset-check.js'
import { exactDuplicates, nearDuplicates, type PrintedImage } from './duplicate-groups.js'
import type { Fingerprint } from './fingerprint.js'
import { fingerprintImages } from './fingerprint-images.js'
import { oddSizes, sizeSummary } from './image-sizes.js'
import { leakageOf } from './leakage.js'
import { mostDistance } from './near-pairs.js'
import { placeImages } from './place-images.js'
import { passedOver } from './passed-over.js'
import { proposeExclusions, suggestExclusions } from './propose-exclusions.js'

/** What to check, and what counts as a problem. */
export interface CheckOptions extends DecodeOptions {
  /** A folder, or a zip, tar or tar.gz archive. */
  readonly root: string
  /** As in {@link openDataset}: a shipped split, a split file, or the source's own splits. */
  readonly split?: string | SplitFile
  readonly layout?: LayoutName
  /** Pictures to pass over, as in {@link openDataset}. */
  readonly exclude?: string | readonly string[]
  /**
   * Pictures look the same when their perceptual hashes differ in at most so many of 64 bits, from 0 to 11.
   * Default 8.
   */
  readonly distance?: number
  /**
   * A class with fewer pictures is near-empty. Default 5, enough for an episode of one shot and four queries.
   */
  readonly fewest?: number
  /** A picture with a shorter side of fewer pixels is tiny. Default 16, the least that recipes take. */
  readonly smallest?: number
  /** Receives how many pictures have been looked at. */
  readonly onProgress?: (done: number, total: number) => void
  /** Ends the check. */
  readonly signal?: AbortSignal
}

/** Of pHash; the package's README says how it was chosen. */
const defaultDistance = 8

/** Of 8x8 fields of colour, in levels: keeps apart what has the same shapes in other colours. */
const colourThreshold = 12

/**
 * Looks at every picture of a data set for what spoils few-shot results: broken pictures, copies within a
 * class, across classes and across splits, near-empty classes, odd sizes. Nothing is changed. Unlike
 * {@link openDataset} it takes classes that are empty or in several splits, and tells of them.
 *
 * Time grows with the number of pictures, not with that of their pairs; about a kilobyte of memory is kept
 * for each.
 *
 * @throws InputError when the source cannot be read, has no known layout, holds no picture, or lacks a class
 *   that the split names, or when an option is out of range; the signal's reason when it is aborted
 */
export async function checkDataset(options: CheckOptions): Promise<DatasetCheck> {
  const { root, transparency, maxPixels, onProgress, signal } = options
  const { distance = defaultDistance, fewest = 5, smallest = 16 } = options
  requireWhole('distance', distance, mostDistance)
  requireWhole('fewest', fewest)
  requireWhole('smallest', smallest)
  const file = options.split === undefined ? undefined : await splitOfOption(options.split)
  const excluded = await exclusionsOf(options.exclude)
  const decodeOptions = {
    ...(transparency && { transparency }),
    ...(maxPixels !== undefined && { maxPixels }),
  }
  const tree = await openTree(root)
  const decoder = new PictureDecoder(tree, decodeOptions)
  try {
    const recorded = recordedTree(tree)
    const input = { tree: recorded.tree, decode: (path: string) => decoder.decode(path) }
    const whole = await readLayout(input, options.layout)
    const once = eachFileOnce(whole, file)
    const index = excluded ? leaveOut(root, once.index, excluded, file) : once.index
    const { images, classes, classesOutside } = placeImages(root, index, file)
    const prints = await fingerprintImages(
      index,
      images.map(({ id }) => id),
      { decodeOptions, ...(onProgress && { onProgress }), ...(signal && { signal }) },
    )
    const { printed, broken } = sorted(images, prints)
    const threshold = { distance, colours: colourThreshold }
    const exact = exactDuplicates(printed)
    const near = nearDuplicates(printed, threshold)
    const exclusions = proposeExclusions(broken, exact)
    return {
      dataset: datasetName(root),
      root,
      images: images.length,
      splits: balanceOf(classes),
      classes,
      classesOutside,
      nearEmpty: nearEmptyClasses(classes, fewest),
      broken,
      sizes: sizeSummary(printed),
      oddSizes: oddSizes(printed, smallest),
      duplicates: { exact, near, threshold },
      leakage: leakageOf(classes, exact, near),
      remarks: countRemarks(printed),
      passedOver: index.file ? passedOver(tree) : [],
      leftOut: joinLeftOut([tree.leftOut, passedOverBy(whole, tree, recorded.read), once.leftOut]),
      notes: index.notes ?? [],
      exclusions,
      suggestions: suggestExclusions(near, exclusions),
    }
  } finally {
    await decoder.settle()
    await tree.close()
  }
}

function sorted(images: readonly ImagePlace[], prints: readonly (Fingerprint | Undecodable)[]) {
  const printed: PrintedImage[] = []
  const broken: BrokenImage[] = []
  images.forEach((place, index) => {
    const print = prints[index]!
    if ('reason' in print) broken.push({ ...place, reason: reasonOf(print) })
    else printed.push({ place, print })
  })
  return { printed, broken }
}

/** What is wrong with a file, and what to do where it can be mended. */
function reasonOf({ reason, remedy }: Undecodable): string {
  return remedy === undefined ? reason : `${reason}; ${remedy}`
}

function requireWhole(option: string, value: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return
  const range = most < Number.MAX_SAFE_INTEGER ? `from 0 to ${most}` : 'of at least 0'
  throw new InputError(`${option} is ${value}; expected a whole number ${range}`)
}
