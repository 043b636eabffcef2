import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isTable, listImages } from '@m2l/datasets'
import { count, InputError } from '@m2l/engine'
import type { DisplayNames } from './class-names.js'
import { PicturesNamed, readClassNames } from './read-class-names.js'

/** The names of classes that were found, and what a person should know of them. */
export interface FoundClassNames {
  readonly names: DisplayNames
  readonly notes: readonly string[]
}

/** Files of names that need not be named: those of people, then those of ImageNet. */
const usual =
  /^(?:(?:labels|classes|class_names)\.(?:csv|tsv|txt|json)|words\.txt|synset_words\.txt|loc_synset_mapping\.txt|imagenet_class_index\.json)$/i

/** So many are told by name. */
const mostTold = 5

/**
 * The names of classes in a file; if none is given, in one with a usual name in a data set's folder or beside
 * it, that names some of the classes.
 *
 * @param labels of the classes
 * @throws {InputError} when the given file cannot be read or names none of the classes; one that was found is
 *   passed over with a note
 */
export async function findClassNames(
  labels: readonly string[],
  { file, beside }: { readonly file?: string | undefined; readonly beside?: string | undefined },
): Promise<FoundClassNames> {
  const known = new Set(labels)
  if (file !== undefined) {
    const all = await readClassNames(file, known)
    if (labels.some((label) => all.has(label))) return found(file, all, labels)
    throw new InputError(
      `${file}: names none of the classes; it has ${first([...all.keys()])}, the classes are ${first(labels)}`,
    )
  }
  const notes: string[] = []
  for (const candidate of beside === undefined ? [] : await candidates(beside)) {
    try {
      if (await namesPictures(candidate)) continue
      const all = await readClassNames(candidate, known)
      if (labels.some((label) => all.has(label))) {
        const { names, notes: further } = found(candidate, all, labels)
        return { names, notes: [...notes, ...further] }
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      if (error instanceof PicturesNamed) continue
      notes.push(`${error.message}; it is not used for names of classes`)
    }
  }
  return { names: {}, notes }
}

/** Whether a file is a table of pictures beside it, however they are called there. */
async function namesPictures(file: string): Promise<boolean> {
  if (!isTable(file)) return false
  try {
    return (await listImages(file)).images.length > 0
  } catch (error) {
    if (error instanceof InputError) return false
    throw error
  }
}

function found(file: string, all: ReadonlyMap<string, string>, labels: readonly string[]): FoundClassNames {
  const known = new Set(labels)
  const strange = [...all.keys()].filter((label) => !known.has(label))
  const nameless = labels.filter((label) => !all.has(label))
  return {
    names: Object.fromEntries(labels.flatMap((label) => (all.has(label) ? [[label, all.get(label)!]] : []))),
    notes: [
      `${file}: names ${count(labels.length - nameless.length, 'class')}`,
      ...(strange.length > 0
        ? [
            `${file}: also names ${count(strange.length, 'class')} that ${strange.length === 1 ? 'is' : 'are'} not there (${first(strange)})`,
          ]
        : []),
      ...(nameless.length > 0
        ? [
            `${file}: does not name ${count(nameless.length, 'class')} (${first(nameless)}), which keep their labels`,
          ]
        : []),
    ],
  }
}

function first(labels: readonly string[]): string {
  const told = labels
    .slice(0, mostTold)
    .map((label) => JSON.stringify(label))
    .join(', ')
  return labels.length > mostTold ? `${told} and ${labels.length - mostTold} more` : told || 'none'
}

/** Files with usual names in a folder and in the one that holds it. */
async function candidates(path: string): Promise<string[]> {
  const lists = [path, dirname(path)].map(async (folder) => {
    const files = await readdir(folder).catch(() => [])
    return files
      .filter((name) => usual.test(name))
      .toSorted()
      .map((name) => join(folder, name))
  })
  return (await Promise.all(lists)).flat()
}
