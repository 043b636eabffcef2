import { type EmbedOptions, mergeClasses, type SavedClasses } from '@m2l/classifier'
import { InputError, didYouMean } from '@m2l/engine'
import { FewShotClassifier, type ClassifierOptions } from '../classifier/file-classifier.js'
import { addSupport, openSupport, type UnreadableExample } from '../classifier/support-pictures.js'
import { readClasses, writeClasses } from './classes-file.js'

/** What a file of classes holds. */
export interface ClassesReport {
  readonly file: string
  /**
   * The weights that the classes belong to; null where the file is of the first format, which does not say.
   */
  readonly weights: string | null
  /** The fingerprint of the model. */
  readonly model: string
  /** The classes, with the names of their examples; null of examples that had none. */
  readonly classes: readonly {
    readonly label: string
    readonly images: number
    readonly examples: readonly (string | null)[]
  }[]
}

/** What came of changing a file of classes. */
export interface ChangedClasses extends ClassesReport {
  /** What a person should know, a line each. */
  readonly notes: readonly string[]
}

/** How examples are added to a file of classes. */
export interface AddToClassesOptions extends ClassifierOptions, EmbedOptions {
  /** Where the weights are, if not where the file says. */
  readonly weights?: string | undefined
}

/**
 * What a file of classes holds.
 *
 * @throws {InputError} when it cannot be read
 */
export async function showClasses(file: string): Promise<ClassesReport> {
  return reportOf(file, await readClasses(file))
}

/**
 * Adds examples to a file of classes, at once.
 *
 * @param support a folder or archive of class folders, or a table of `filename,label`
 * @throws {InputError} when the file, the weights or the examples cannot be used, or a class has no example
 *   that can be read; the file is then as it was
 */
export async function addToClasses(
  file: string,
  support: string,
  options: AddToClassesOptions = {},
): Promise<ChangedClasses & { readonly unreadableExamples: readonly UnreadableExample[] }> {
  const before = await readClasses(file)
  await (await openSupport(support, 1, 1)).close()
  const classifier = await FewShotClassifier.open(file, options)
  try {
    for (const label of before.classes.keys()) classifier.remove(label)
    const opened = await openSupport(support, classifier.readsAt, 1)
    try {
      const unreadableExamples = await addSupport(classifier, opened, options)
      const changed = await merged(file, before, { classes: await classifier.saved(), from: support })
      return { ...changed, notes: [...opened.notes, ...changed.notes], unreadableExamples }
    } finally {
      await opened.close()
    }
  } finally {
    classifier.dispose()
  }
}

/**
 * Removes classes from a file of them, at once.
 *
 * @throws {InputError} when the file cannot be read, has no such class, or no other
 */
export async function removeFromClasses(file: string, labels: readonly string[]): Promise<ChangedClasses> {
  const before = await readClasses(file)
  const classes = new Map(before.classes)
  for (const given of new Set(labels.map((label) => label.normalize('NFC')))) {
    if (classes.delete(given)) continue
    const all = [...before.classes.keys()]
    throw new InputError(
      `${file}: there is no class ${given}${didYouMean(given, all) || `; there are ${all.join(', ')}`}`,
    )
  }
  if (classes.size === 0) {
    throw new InputError(`${file}: no class would be left; name fewer, or delete the file`)
  }
  const after = { ...before, classes }
  await writeClasses(file, after)
  return { ...reportOf(file, after), notes: [] }
}

/**
 * Adds the classes of a file to those of another, at once.
 *
 * @throws {InputError} when one of them cannot be read, or they belong to different weights; both are then as
 *   they were
 */
export async function mergeIntoClasses(file: string, other: string): Promise<ChangedClasses> {
  const [before, more] = [await readClasses(file), await readClasses(other)]
  return merged(file, before, { classes: more, from: other })
}

async function merged(
  file: string,
  before: SavedClasses,
  more: { readonly classes: SavedClasses; readonly from: string },
): Promise<ChangedClasses> {
  const { classes, added, notes } = mergeClasses(before, more.classes, more.from)
  if (added > 0) await writeClasses(file, classes)
  return { ...reportOf(file, classes), notes }
}

function reportOf(file: string, { weights, model, classes }: SavedClasses): ClassesReport {
  return {
    file,
    weights: weights ?? null,
    model,
    classes: [...classes].map(([label, { examples }]) => ({
      label,
      images: examples.length,
      examples: examples.map(({ name }) => name),
    })),
  }
}
