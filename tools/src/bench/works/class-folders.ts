import { readdir } from 'node:fs/promises'
import { openDataset, type Dataset, type ImageSplit } from '@m2l/datasets'
import { InputError } from '@m2l/engine'

/**
 * The first classes of a folder of class folders, in the order of their names; all of them if no number is
 * given.
 *
 * @throws {InputError} when the folder cannot be read or has no class folders
 */
export async function openClassFolders(
  folder: string,
  classes?: number,
): Promise<{ readonly dataset: Dataset; readonly split: ImageSplit }> {
  const names = (await classNames(folder)).slice(0, classes)
  const dataset = await openDataset({ root: folder, split: { source: folder, classes: { test: names } } })
  return { dataset, split: dataset.splits.test! }
}

/**
 * The names of the class folders in a folder, sorted.
 *
 * @throws {InputError} when the folder cannot be read or has no class folders
 */
export async function classNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new InputError(`${folder}: cannot be read; give a folder of class folders with --data`, {
      cause: error,
    })
  })
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name.normalize('NFC'))
  if (names.length === 0)
    throw new InputError(`${folder}: has no class folders; give a folder of class folders with --data`)
  return names.toSorted()
}
