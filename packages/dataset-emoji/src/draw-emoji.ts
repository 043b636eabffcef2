import { getIconData, iconToSVG } from '@iconify/utils'
import type { Drawings } from './artists.js'
import sharp from 'sharp'

/** Names the code that decides the pixels of a drawing. */
export const painterVersion = `1 ${JSON.stringify(sharp.versions)}`

/** Drawings are painted at least this high, in pixels, and then reduced. */
const paintedHeight = 128

/**
 * Paints one emoji on white, centred in a square.
 * @param size of the picture, in pixels.
 * @returns a PNG file, 8-bit RGB.
 */
export async function drawEmoji(drawings: Drawings, name: string, size: number): Promise<Buffer> {
  const data = getIconData(drawings, name)
  if (!data) throw new Error(`${drawings.prefix} has no drawing of ${name}`)
  const { attributes, body } = iconToSVG(data, { height: size * Math.ceil(paintedHeight / size) })
  const list = Object.entries(attributes).map(([key, value]) => `${key}="${value}"`)
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${list.join(' ')}>` +
    `${body}</svg>`
  const white = { r: 255, g: 255, b: 255, alpha: 1 }
  return sharp(Buffer.from(svg))
    .flatten({ background: white })
    .resize(size, size, { fit: 'contain', background: white })
    .toColourspace('srgb')
    .png({ compressionLevel: 9, palette: false })
    .toBuffer()
}
