const starts = [
  '\x89PNG',
  '\xff\xd8\xff',
  'GIF8',
  'RIFF....WEBP',
  'II\x2a\0',
  'MM\0\x2a',
  'II\x2b\0',
  'MM\0\x2b',
  '....ftypavif',
  '....ftypavis',
  '....ftypmif1',
  '....ftypmsf1',
].map((start) => new RegExp(`^${start}`, 's'))

/**
 * Whether a file begins like one of the formats that are read: PNG, JPEG, GIF, WebP, TIFF, AVIF. The library that decodes them
 * knows more, which are programs rather than pictures (SVG) or seldom tried; it is not asked for those.
 */
export function isKnownFormat(bytes: Uint8Array): boolean {
  const begin = String.fromCharCode(...bytes.subarray(0, 12))
  return starts.some((start) => start.test(begin))
}
