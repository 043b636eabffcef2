import { decodeClasses, encodeClasses, type SavedClasses } from '@m2l/classifier'
import { readWhole, writeWhole } from '@m2l/nn/files'

/**
 * Saves classes in a file, at once, see {@link encodeClasses}.
 *
 * @throws {InputError} when there are none, an embedding is not finite, or the file cannot be written
 */
export async function writeClasses(file: string, classes: SavedClasses): Promise<void> {
  await writeWhole(file, encodeClasses(classes, file))
}

/**
 * Reads what {@link writeClasses} wrote, now or in the first format.
 *
 * @throws {InputError} when the file cannot be read, is damaged or something else
 */
export async function readClasses(file: string): Promise<SavedClasses> {
  return decodeClasses(await readWhole(file), file)
}
