/**
 * A picture of a page: the bytes of a PNG, JPEG, WebP or GIF file, an SVG document, or a `data:` URI. A
 * browser shows it as an image, so that nothing in it is run.
 */
export type Picture = Uint8Array | string

/**
 * A picture as a `data:` URI.
 *
 * @throws {TypeError} when it is none of these
 */
export function pictureUri(picture: Picture): string {
  if (typeof picture !== 'string') return dataUri(formatOf(picture), picture)
  if (picture.startsWith('data:image/')) return picture
  if (/^\s*(<\?xml[^>]*>\s*)?<svg[\s>]/.test(picture))
    return dataUri('svg+xml', new TextEncoder().encode(picture))
  throw new TypeError(
    'a picture is the bytes of a PNG, JPEG, WebP or GIF, an SVG, or a data: URI of an image',
  )
}

function formatOf(bytes: Uint8Array): string {
  const start = binaryText(bytes.subarray(0, 12))
  const format = signatures.find(([signature]) => signature.test(start))?.[1]
  if (format !== undefined) return format
  throw new TypeError('a picture in bytes is a PNG, JPEG, WebP or GIF file')
}

const signatures: readonly [RegExp, string][] = [
  [/^\x89PNG/, 'png'],
  [/^\xFF\xD8\xFF/, 'jpeg'],
  [/^RIFF[^]{4}WEBP/, 'webp'],
  [/^GIF8/, 'gif'],
]

function dataUri(format: string, bytes: Uint8Array): string {
  return `data:image/${format};base64,${btoa(binaryText(bytes))}`
}

/** A character for each byte; pieces are short enough to be arguments of a call. */
function binaryText(bytes: Uint8Array): string {
  const pieces: string[] = []
  for (let start = 0; start < bytes.length; start += 8192) {
    pieces.push(String.fromCharCode(...bytes.subarray(start, start + 8192)))
  }
  return pieces.join('')
}
