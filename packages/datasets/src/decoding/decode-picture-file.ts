import { readRegularFile } from '@m2l/engine-native'
import { decodePicture, type DecodeOptions, type RgbImage } from '@m2l/pictures'
import { unreadable } from '../sources/byte-source.js'

/**
 * Reads a picture file and decodes it, see {@link decodePicture}.
 *
 * @throws {InputError} naming the file, also when it cannot be read.
 */
export async function decodePictureFile(path: string, options: DecodeOptions = {}): Promise<RgbImage> {
  const bytes = await readRegularFile(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  return decodePicture(bytes, path, options)
}
