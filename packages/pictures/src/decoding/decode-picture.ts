import { InputError } from '@m2l/engine'
import type { RgbImage } from '../rgb-image.js'
import type { DecodeOptions } from './decode-options.js'
import type { DecodedPicture } from './picture-remarks.js'
import { tryDecode } from './try-decode.js'
import { type Undecodable, whatToDo } from './undecodable.js'

/**
 * Decodes a picture to 8-bit RGB: grey is repeated, palettes and 1-bit are expanded, of 16 bits the upper 8
 * are kept, colour profiles are passed over, as Pillow's `convert('RGB')` does. Unlike Pillow it turns the
 * picture as EXIF says and lays transparent pictures on white, see {@link DecodeOptions}. Of animations and
 * documents the first picture is taken. The format is told by content, not by the name.
 *
 * Node decodes with sharp, which also gives what Pillow does for inks and reads TIFF; elsewhere a canvas
 * does.
 *
 * @param bytes The whole file.
 * @param name What to call it in a message.
 * @throws {InputError} naming the file when it is empty, cut off, damaged, too large, or no picture.
 */
export async function decodePicture(
  bytes: Uint8Array,
  name: string,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  return pictureOrError(await tryDecode(bytes, options), name)
}

/** @throws {InputError} naming the file when it could not be decoded. */
export function pictureOrError(decoded: DecodedPicture | Undecodable, name: string): RgbImage {
  if ('reason' in decoded) throw new InputError(`${name}: ${whatToDo(decoded)}`, { code: 'picture' })
  const { width, height, data } = decoded
  return { width, height, data, name }
}
