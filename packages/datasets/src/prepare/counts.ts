import { InputError, didYouMean } from '@m2l/engine'
import type { ImageClass } from '../dataset.js'
import type { LayoutIndex } from '../layouts/layout.js'
import { ownSplits } from '../layouts/split-names.js'
import { ownSplitsOf, type Splits, splitsOfFile } from '../splits/build-splits.js'
import type { SplitFile } from '../splits/split-file.js'
import { quoted } from '../layouts/class-names.js'

/** How many classes and images a published data set has. */
export interface ExpectedCounts {
  /** By split; where a split file says it, this need not. */
  readonly classes?: Readonly<Record<string, number>>
  readonly imagesPerClass?: number
  /** In all splits together. */
  readonly images?: number
  readonly allClasses?: number
}

/** What a division is held to. */
export interface DivisionOptions extends ExpectedCounts {
  /** Whether a source keeps its own splits if the file does not know all of its classes. */
  readonly keepsOwn: boolean
}

/** A source's classes in their splits. */
export interface Division {
  /** Without classes that the source lacks, and without turned copies of classes. */
  readonly splits: Splits
  /** The name of the split file; undefined where the source's own splits are kept. */
  readonly split: string | undefined
  /** What is not as expected, each with what was found and what was expected. */
  readonly differences: readonly string[]
}

/**
 * Divides a source's classes by a split file.
 *
 * @throws InputError when the source has none of the file's classes
 */
export function divide(
  root: string,
  index: LayoutIndex,
  file: SplitFile,
  expected: DivisionOptions,
): Division {
  const upright = { ...index, rotated: false }
  if (expected.keepsOwn && hasOtherSplits(index, file)) {
    const splits = ownSplitsOf(root, upright)
    const differences = [...classDifferences(splits, expected), ...imageDifferences(splits, expected)]
    return { splits, split: undefined, differences }
  }
  const present = presentClasses(index)
  const found = Object.entries(file.classes).map(([split, names]) => ({
    split,
    names: names.filter((name) => present.has(name)),
    missing: names.filter((name) => !present.has(name)),
  }))
  const some = found.filter(({ names }) => names.length > 0)
  const classes = Object.fromEntries(some.map(({ split, names }) => [split, names]))
  const splits = splitsOfFile(root, upright, some.length > 0 ? { ...file, classes } : file)
  const known = new Set(Object.values(file.classes).flat())
  const unused = [...present].filter((name) => !known.has(name))
  const lacking = found
    .filter(({ missing }) => missing.length > 0)
    .map(({ split, names, missing }) => {
      const total = names.length + missing.length
      return `${split} has ${count(names.length, 'class')} instead of ${total} (no ${nameList(missing, unused)})`
    })
  return { splits, split: file.source, differences: [...lacking, ...imageDifferences(splits, expected)] }
}

/** The classes of a source that have images. */
function presentClasses({ groups }: LayoutIndex): Set<string> {
  const classes = [...groups.values()].flatMap((group) => [...group])
  return new Set(classes.filter(([, images]) => images.length > 0).map(([name]) => name))
}

/** Whether a source has splits of its own, of classes that the file does not know. */
function hasOtherSplits({ groups }: LayoutIndex, file: SplitFile): boolean {
  const known = new Set(Object.values(file.classes).flat())
  const hasOwn = [...groups.keys()].every((name) => ownSplits.includes(name))
  return (
    hasOwn && [...groups.values()].some((classes) => [...classes.keys()].some((name) => !known.has(name)))
  )
}

/** @throws InputError that lists all differences */
export function requireNoDifferences(root: string, title: string, differences: readonly string[]): void {
  if (differences.length === 0) return
  throw new InputError(
    `${root}: is not the whole of ${title}: ${differences.join('; ')}; fetch it again, or accept what is there with --incomplete`,
  )
}

/** How many images the classes of all splits have. */
export function countImages(classes: readonly ImageClass[]): number {
  return classes.reduce((sum, { images }) => sum + images.length, 0)
}

function classDifferences(splits: Splits, { classes = {} }: ExpectedCounts): string[] {
  return Object.entries(classes)
    .filter(([split, expected]) => splits[split]?.classes.length !== expected)
    .map(
      ([split, expected]) =>
        `${split} has ${count(splits[split]?.classes.length ?? 0, 'class')} instead of ${expected}`,
    )
}

function imageDifferences(splits: Splits, expected: ExpectedCounts): string[] {
  const classes = Object.values(splits).flatMap((split) => split.classes)
  const images = countImages(classes)
  const odd = classes.filter((ofClass) => ofClass.images.length !== expected.imagesPerClass)
  const differences: string[] = []
  if (expected.imagesPerClass !== undefined && odd.length > 0) {
    const more = odd.length > 1 ? ` (and ${odd.length - 1} more classes have not as many)` : ''
    differences.push(
      `class "${odd[0]!.name}" has ${count(odd[0]!.images.length, 'image')} instead of ${expected.imagesPerClass}${more}`,
    )
  }
  if (expected.allClasses !== undefined && classes.length !== expected.allClasses)
    differences.push(`there are ${count(classes.length, 'class')} instead of ${expected.allClasses}`)
  if (expected.images !== undefined && images !== expected.images)
    differences.push(`there are ${count(images, 'image')} instead of ${expected.images}`)
  return differences
}

function nameList(missing: readonly string[], unused: readonly string[]): string {
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : ''
  return `"${missing[0]}"${more}${didYouMean(missing[0]!, unused, quoted)}`
}

function count(number: number, noun: 'class' | 'image'): string {
  return `${number} ${number === 1 ? noun : noun === 'class' ? 'classes' : 'images'}`
}
