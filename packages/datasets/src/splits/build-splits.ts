import { createHash } from 'node:crypto'
import { InputError, nearestName } from '@m2l/engine'
import type { ImageClass, ImageSplit } from '../dataset.js'
import { quoted } from '../layouts/class-names.js'
import type { ClassImages, LayoutIndex } from '../layouts/layout.js'
import { ownSplits, splitsOf } from '../layouts/split-names.js'
import type { SplitFile } from './split-file.js'

/** Splits by name. */
export type Splits = Record<string, ImageSplit>

/**
 * The splits that the source itself has.
 *
 * @throws InputError when an asked one is missing, a class is in two of them, or a class has no image.
 */
export function ownSplitsOf(root: string, index: LayoutIndex, only?: readonly string[]): Splits {
  const missing = only?.find((split) => !index.groups.has(split))
  if (missing !== undefined)
    throw new InputError(`${root}: has no split "${missing}"${whatIsThere(missing, index)}`)
  const groups = [...index.groups]
    .filter(([split]) => !only || only.includes(split))
    .toSorted(([a], [b]) => ownSplits.indexOf(a) - ownSplits.indexOf(b))
  const placed = new Map<string, string>()
  for (const [split, classes] of groups) {
    for (const name of classes.keys()) {
      const other = placed.get(name)
      if (other !== undefined) {
        throw new InputError(
          `${root}: class "${name}" is in ${other} and in ${split}; splits must share no class: name a split file to mix and divide them`,
        )
      }
      placed.set(name, split)
    }
  }
  const splits: Splits = {}
  for (const [split, classes] of groups) {
    splits[split] = imageSplit(root, split, [...classes.keys()].toSorted(), classes, index.rotated)
  }
  return splits
}

/**
 * The splits of a split file. Where the source has splits of its own, images of one class name are one class.
 *
 * @throws InputError when an asked split is not in the file, a class of it not in the source, or a class has
 *   no image.
 */
export function splitsOfFile(
  root: string,
  index: LayoutIndex,
  file: SplitFile,
  only?: readonly string[],
): Splits {
  const named = Object.keys(file.classes)
  const unnamed = only?.find((split) => !named.includes(split))
  if (unnamed !== undefined) {
    throw new InputError(
      `${file.source}: has no split "${unnamed}", only ${named.join(', ')}; ask for one of these`,
    )
  }
  const classes: ClassImages = new Map()
  for (const group of index.groups.values()) {
    for (const [name, images] of group) classes.set(name, [...(classes.get(name) ?? []), ...images])
  }
  const splits: Splits = {}
  for (const [split, names] of Object.entries(file.classes)) {
    if (only && !only.includes(split)) continue
    requireClasses(root, file.source, split, names, classes)
    splits[split] = imageSplit(root, split, names, classes, index.rotated)
  }
  return splits
}

/** What a source has in place of a split that it lacks, and what to do. */
function whatIsThere(missing: string, { groups, seen = [] }: LayoutIndex): string {
  const own = ownSplits.filter((split) => groups.has(split))
  const named = splitsOf(seen)
  const unknown = seen.filter((name) => !named.has(name))
  const empty = seen.find((name) => named.get(name) === missing)
  const near = nearestName(missing, unknown)
  const remedy =
    empty !== undefined
      ? `${quoted(empty)} holds none of it: expected a folder for each class there`
      : near === undefined
        ? `put its classes into a folder ${missing}, or name a split file`
        : `if ${quoted(near)} is meant, rename it`
  if (own.length > 0) {
    const others = unknown.length > 0 ? ` (it also holds ${someOf(unknown)})` : ''
    return `, only ${own.join(', ')}${others}; ${remedy}`
  }
  const names = [...groups.values()].flatMap((classes) => [...classes.keys()])
  return `: its ${names.length === 1 ? 'only class lies' : `${names.length} classes lie`} in no folders called train, val and test (${someOf(names)}); ${remedy}`
}

function someOf(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : ''
  return `${names.slice(0, 5).map(quoted).join(', ')}${more}`
}

export function requireClasses(
  root: string,
  source: string,
  split: string,
  names: readonly string[],
  classes: ClassImages,
): void {
  const missing = names.filter((name) => !classes.has(name))
  if (missing.length === 0) return
  const name = missing[0]!
  const near = nearestName(name, classes.keys())
  const there =
    near === undefined
      ? `it has for example "${[...classes.keys()].toSorted()[0]}"`
      : `did you mean "${near}"?`
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : ''
  throw new InputError(`${source}: class "${name}"${more} of ${split} is not in ${root}; ${there}`)
}

function imageSplit(
  root: string,
  name: string,
  classNames: readonly string[],
  images: ClassImages,
  rotated: boolean,
): ImageSplit {
  const empty = classNames.filter((className) => images.get(className)!.length === 0)
  if (empty.length > 0) {
    const list = empty.slice(0, 3).map((className) => `"${className}"`)
    const more = empty.length > 3 ? ` and ${empty.length - 3} more` : ''
    throw new InputError(
      `${root}: class ${list.join(', ')}${more} holds no images; add some or remove the folder`,
    )
  }
  const classes = classNames.flatMap((className) => imageClasses(className, images.get(className)!, rotated))
  return { name, classes, hash: hashOf(classes) }
}

function imageClasses(name: string, ids: readonly string[], rotated: boolean): ImageClass[] {
  const sorted = [...ids].toSorted()
  if (!rotated) return [{ name, images: sorted.map((id) => ({ id })) }]
  return ([0, 90, 180, 270] as const).map((rotation) => ({
    name: `${name}/rot${String(rotation).padStart(3, '0')}`,
    images: sorted.map((id) => ({ id, rotation })),
  }))
}

function hashOf(classes: readonly ImageClass[]): string {
  const hash = createHash('sha256')
  for (const { name, images } of classes) {
    hash.update(JSON.stringify([name, images.map(({ id, rotation }) => [id, rotation ?? 0])]))
  }
  return hash.digest('hex')
}
