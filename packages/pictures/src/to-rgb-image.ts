import type { DecodeOptions } from './decoding/decode-options.js'
import { pictureOrError } from './decoding/decode-picture.js'
import type { RgbImage } from './rgb-image.js'
import { type GivenPicture, tryRgbImage } from './try-rgb-image.js'

/**
 * The pixels of a picture in any of the forms that programs and pages have; what can be closed stays open.
 *
 * @param name What to call it in a message.
 * @throws {InputError} naming it when it is no picture or cannot be decoded.
 */
export async function toRgbImage(
  given: GivenPicture,
  name: string,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  return pictureOrError(await tryRgbImage(given, options), name)
}
