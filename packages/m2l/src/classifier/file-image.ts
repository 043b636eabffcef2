import type { NamedImage } from '@m2l/classifier'
import { decodePictureFile } from '@m2l/datasets'

/** A file as a picture that is read when its turn comes. */
export function fileImage(path: string): NamedImage {
  return { name: path, read: (options) => decodePictureFile(path, options) }
}
