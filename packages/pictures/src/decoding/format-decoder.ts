import type { DecodeOptions } from './decode-options.js'
import type { PictureFormat } from './picture-format.js'
import type { DecodedPicture } from './picture-remarks.js'
import type { Undecodable } from './undecodable.js'

/**
 * What each runtime brings of its own, as `#decode`: pixels of a file in a known format, or why there are
 * none.
 *
 * @throws {Error} when the file is cut off or damaged
 */
export type FormatDecoder = (
  bytes: Uint8Array,
  format: PictureFormat,
  options: DecodeOptions,
) => Promise<DecodedPicture | Undecodable>
