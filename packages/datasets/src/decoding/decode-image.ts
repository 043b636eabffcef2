import { InputError, readRegularFile } from '@m2l/engine'
import type { RgbImage } from '@m2l/pictures'
import { unreadable } from '../sources/byte-source.js'
import { type DecodeOptions, decodePicture } from './decode-picture.js'
import type { DecodedPicture } from './picture-remarks.js'
import { type Undecodable, whatToDo } from './undecodable.js'

/**
 * Decodes a picture to 8-bit RGB as Pillow's `convert('RGB')` does: grey is repeated, palettes and 1-bit are expanded,
 * of 16 bits the upper 8 are kept, CMYK is (255 - ink)(255 - black) / 255, colour profiles are passed over. Unlike
 * Pillow it turns the picture as EXIF says and lays transparent pictures on white, see {@link DecodeOptions}. Of
 * animations and documents the first picture is taken. The format is told by content, not by the name.
 *
 * @param bytes The whole file.
 * @param name What to call it in a message.
 * @throws InputError naming the file when it is empty, cut off, damaged, too large, or no picture.
 */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  return pictureOrError(await decodePicture(bytes, options), name)
}

/**
 * Reads a picture file and decodes it, see {@link decodeImage}.
 *
 * @throws InputError naming the file, also when it cannot be read.
 */
export async function decodeImageFile(path: string, options: DecodeOptions = {}): Promise<RgbImage> {
  const bytes = await readRegularFile(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  return decodeImage(bytes, path, options)
}

/** @throws InputError naming the file when it could not be decoded. */
export function pictureOrError(decoded: DecodedPicture | Undecodable, name: string): RgbImage {
  if ('reason' in decoded) throw new InputError(`${name}: ${whatToDo(decoded)}`)
  const { width, height, data } = decoded
  return { width, height, data, name }
}
