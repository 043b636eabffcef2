/** Formats that are read. */
export type PictureFormat = 'png' | 'jpeg' | 'gif' | 'webp' | 'tiff' | 'avif'

const starts: readonly (readonly [PictureFormat, RegExp])[] = [
  ['jpeg', /^\xff\xd8\xff/],
  ['png', /^\x89PNG\r\n.\n(?!....CgBI)/s],
  ['gif', /^GIF8[79]a/],
  ['webp', /^RIFF....WEBP/s],
  ['tiff', /^(?:II[*+]\0|MM\0[*+])/],
]

/**
 * The format of a file, by how it begins; nothing for all others. The library that decodes pictures knows
 * more, which are programs rather than pictures (SVG) or seldom tried; it is not asked for those.
 */
export function formatOf(bytes: Uint8Array): PictureFormat | undefined {
  const begin = String.fromCharCode(...bytes.subarray(0, 16))
  const found = starts.find(([, start]) => start.test(begin))
  if (found) return isCameraFile(bytes) ? undefined : found[0]
  return brandsOf(bytes).some((brand) => brand === 'avif' || brand === 'avis') ? 'avif' : undefined
}

/** Canon's raw files begin like TIFF files. */
export function isCameraFile(bytes: Uint8Array): boolean {
  return bytes[8] === 0x43 && bytes[9] === 0x52 && (bytes[0] === 0x49 || bytes[0] === 0x4d)
}

/**
 * What a file in boxes (ISO 14496-12, section 4.3) calls itself: its own brand, then those that it is
 * compatible with.
 */
export function brandsOf(bytes: Uint8Array): string[] {
  const text = (start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end))
  if (text(4, 8) !== 'ftyp') return []
  const end = Math.min(bytes.length, 256, bytes[2]! * 256 + bytes[3]!)
  const brands = [text(8, 12)]
  for (let at = 16; at + 4 <= end; at += 4) brands.push(text(at, at + 4))
  return brands
}
