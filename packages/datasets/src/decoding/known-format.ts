const starts: readonly RegExp[] = [
  /^\x89PNG/,
  /^\xff\xd8\xff/, // JPEG
  /^GIF8/,
  /^RIFF....WEBP/s,
  /^II[*+]\0/, // TIFF
  /^MM\0[*+]/,
  /^....ftyp(avif|avis|mif1|msf1)/s, // AVIF
]

/**
 * Whether a file begins like one of the formats that are read: PNG, JPEG, GIF, WebP, TIFF, AVIF. The library that decodes them
 * knows more, which are programs rather than pictures (SVG) or seldom tried; it is not asked for those.
 */
export function isKnownFormat(bytes: Uint8Array): boolean {
  const begin = String.fromCharCode(...bytes.subarray(0, 12))
  return starts.some((start) => start.test(begin))
}
