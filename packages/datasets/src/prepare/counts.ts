import { InputError } from '@m2l/engine'
import type { ImageClass } from '../dataset.js'
import { type LayoutIndex, ownSplits } from '../layouts/layout.js'
import { nearestName } from '../nearest-name.js'
import { ownSplitsOf, type Splits, splitsOfFile } from '../splits/build-splits.js'
import type { SplitFile } from '../splits/split-file.js'

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
  /** Whether a source keeps its own splits if it calls no class as the file does. */
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
  const present = new Map<string, number>()
  for (const group of index.groups.values())
    for (const [name, images] of group) present.set(name, (present.get(name) ?? 0) + images.length)
  const found = Object.entries(file.classes).map(([split, names]) => ({
    split,
    names: names.filter((name) => (present.get(name) ?? 0) > 0),
    missing: names.filter((name) => (present.get(name) ?? 0) === 0),
  }))
  if (found.every(({ names }) => names.length === 0)) {
    const hasOwn = [...index.groups.keys()].every((name) => ownSplits.includes(name))
    const splits =
      hasOwn && expected.keepsOwn ? ownSplitsOf(root, upright) : splitsOfFile(root, upright, file)
    return {
      splits,
      split: undefined,
      differences: [...classDifferences(splits, expected), ...imageDifferences(splits, expected)],
    }
  }
  const classes = Object.fromEntries(
    found.filter(({ names }) => names.length > 0).map(({ split, names }) => [split, names]),
  )
  const splits = splitsOfFile(root, upright, { ...file, classes })
  const lacking = found
    .filter(({ missing }) => missing.length > 0)
    .map(({ split, names, missing }) => {
      const total = names.length + missing.length
      return `${split} has ${count(names.length, 'class')} instead of ${total} (no ${nameList(missing, present)})`
    })
  return { splits, split: file.source, differences: [...lacking, ...imageDifferences(splits, expected)] }
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

function nameList(missing: readonly string[], present: ReadonlyMap<string, number>): string {
  const near = nearestName(missing[0]!, present.keys())
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : ''
  return `"${missing[0]}"${more}${near === undefined || near === missing[0] ? '' : `; did you mean "${near}"?`}`
}

function count(number: number, noun: 'class' | 'image'): string {
  return `${number} ${number === 1 ? noun : noun === 'class' ? 'classes' : 'images'}`
}
