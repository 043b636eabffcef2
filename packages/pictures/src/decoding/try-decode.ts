import { decodeFormat } from '#decode'
import { reducedTo } from '../transforms/reduce.js'
import type { DecodeOptions } from './decode-options.js'
import { foreignFile } from './foreign-file.js'
import { jpegFrame, refusedFrame } from './jpeg-frame.js'
import { formatOf } from './picture-format.js'
import type { DecodedPicture } from './picture-remarks.js'
import type { Undecodable } from './undecodable.js'

const knownFormats = ['avif', 'gif', 'jpeg', 'jpg', 'png', 'tif', 'tiff', 'webp']

/**
 * The pixels of a picture file, or why there are none: plain data in either case, which threads can hand on.
 */
export async function tryDecode(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedPicture | Undecodable> {
  if (bytes.length === 0) return { reason: 'is empty (0 bytes)' }
  const format = formatOf(bytes)
  if (!format) return foreignFile(bytes, knownFormats)
  const frame = format === 'jpeg' ? jpegFrame(bytes) : undefined
  const refused = frame && refusedFrame(frame)
  if (refused) return refused
  try {
    const decoded = await decodeFormat(bytes, format, options)
    return 'reason' in decoded ? decoded : reducedTo(decoded, options.reduceTo)
  } catch (error) {
    return { reason: `is cut off or damaged (${(error as Error).message.split('\n', 1)[0]})` }
  }
}
