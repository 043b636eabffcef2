import type { RgbImage } from '../../../rgb-image.js'
import { isDark, type PictureRemark } from '../../picture-remarks.js'
import type { Undecodable } from '../../undecodable.js'
import { tiffColours } from './tiff-colours.js'
import { openTiff } from './tiff-file.js'
import { tiffKind } from './tiff-kind.js'

/** What reading a TIFF file takes beside its bytes. */
export interface TiffOptions {
  readonly transparency?: 'white' | 'drop'
  /** Why a picture of that size is not read, if so; asked before its pixels are. */
  refusedSize(size: { readonly width: number; readonly height: number }): Undecodable | undefined
}

/** Pixels of a TIFF file as they are stored, and how to turn them, 1 to 8 as in EXIF. */
export interface TiffPicture {
  readonly image: RgbImage
  readonly orientation: number
  readonly remarks: Readonly<Partial<Record<PictureRemark, boolean>>>
}

/**
 * The picture of a TIFF file's first page, or `ordinary` where sharp reads it as its tags say.
 *
 * @throws {Error} when it is cut off or damaged.
 */
export async function readTiff(
  bytes: Uint8Array,
  { refusedSize, transparency = 'white' }: TiffOptions,
): Promise<'ordinary' | TiffPicture | Undecodable> {
  const file = await openTiff(bytes)
  const kind = tiffKind(file.tags)
  if (kind === 'ordinary' || 'reason' in kind) return kind
  const refused = refusedSize(file.tags)
  if (refused) return refused
  const image = await tiffColours(file, kind, transparency)
  if ('reason' in image) return image
  const { orientation, hasMorePages: several, bits, formats } = file.tags
  const dark = bits[0] === 16 && formats[0] !== 3 && isDark(image.data)
  return { image, orientation, remarks: { several, dark } }
}
