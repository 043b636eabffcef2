/**
 * Whether a picture file may be CMYK: a JPEG of four components, or a TIFF. It looks at a few bytes only, because asking
 * sharp costs a quarter of decoding a small picture.
 *
 * Format: JPEG (ITU T.81), section B.2.2, frame header.
 */
export function mayHoldInks(bytes: Uint8Array): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, 2))
  if (start === 'II' || start === 'MM') return true
  if (start !== '\xff\xd8') return false
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!
    if (isFrameHeader(marker)) return bytes[at + 9] === 4
    at += marker === 0xff ? 1 : 2 + bytes[at + 2]! * 256 + bytes[at + 3]!
  }
  return true
}

/** SOF0 to SOF15, without DHT, JPG and DAC, which lie among them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}
