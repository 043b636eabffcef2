import { createHash } from 'node:crypto'
import type { RgbImage } from '@m2l/pictures'
import sharp, { type Sharp } from 'sharp'
import type { Element } from 'xast'
import { x } from 'xastscript'
import { placed, type Frame } from './frame.js'

/** How a picture is shown: in its colours, or almost without, so that those of a heat map are seen on it. */
export interface Look {
  /** The side of the square that it is fitted into, in units of the drawing. */
  readonly side: number
  readonly pale?: true
}

/** A picture in a look. */
export interface ShownPicture {
  readonly picture: RgbImage
  readonly look: Look
}

/**
 * Pixels of a copy for each unit of the drawing: enough for sharp screens, on which pages show drawings
 * smaller.
 */
const density = 1.5

/** What is left of the colours of a pale picture. */
const paleSaturation = 0.15

/** Pictures of at most so many pixels a side are shown as squares, as the network sees them. */
const mostSquares = 96

/**
 * The pictures of a drawing, each held once in each of its looks, however often it is shown, and no larger
 * than it is shown.
 */
export class PictureStore {
  readonly #symbols: ReadonlyMap<RgbImage, ReadonlyMap<Look, PictureSymbol>>

  private constructor(symbols: ReadonlyMap<RgbImage, ReadonlyMap<Look, PictureSymbol>>) {
    this.#symbols = symbols
  }

  /** Makes small copies of pictures. */
  static async of(shown: readonly ShownPicture[]): Promise<PictureStore> {
    const symbols = new Map<RgbImage, Map<Look, PictureSymbol>>()
    for (const { picture, look } of shown) {
      const ofPicture = symbols.get(picture) ?? new Map<Look, PictureSymbol>()
      symbols.set(picture, ofPicture)
      if (!ofPicture.has(look)) ofPicture.set(look, await pictureSymbol(picture, look))
    }
    return new PictureStore(symbols)
  }

  /** What the drawing has to hold before it shows pictures. */
  get definitions(): Element[] {
    const all = [...this.#symbols.values()].flatMap((ofPicture) => [...ofPicture.values()])
    const distinct = new Map(all.map(({ id, element }) => [id, element]))
    return [...distinct.values()]
  }

  /** A picture in a look that it was given with. */
  show(picture: RgbImage, look: Look, frame: Frame): Element {
    return x('use', { href: `#${this.#symbols.get(picture)!.get(look)!.id}`, ...placed(frame) })
  }
}

interface PictureSymbol {
  readonly id: string
  readonly element: Element
}

async function pictureSymbol(picture: RgbImage, look: Look): Promise<PictureSymbol> {
  const { width, height } = picture
  const address = await dataAddress(picture, look)
  // Two drawings on one page may hold the same id only for the same picture.
  const id = `picture-${createHash('sha256').update(address).digest('hex').slice(0, 16)}`
  const image = x('image', {
    width,
    height,
    preserveAspectRatio: 'none',
    ...(isOfSquares(picture) && { 'image-rendering': 'pixelated' }),
    href: address,
  })
  const attributes = { id, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none' }
  return { id, element: x('symbol', attributes, image) }
}

/** A copy as a data address: as JPEG, or without loss where that takes no more or each pixel is seen. */
async function dataAddress(picture: RgbImage, { side, pale }: Look): Promise<string> {
  const { width, height, data } = picture
  const scale = Math.min(1, (density * side) / Math.max(width, height))
  const [across, down] = [width, height].map((length) => Math.max(1, Math.round(length * scale)))
  const resized = sharp(data, { raw: { width, height, channels: 3 } }).resize(across, down, { fit: 'fill' })
  // Colours are taken away from copies, since the filter of SVG that does so takes seconds to draw.
  const copy = pale ? resized.modulate({ saturation: paleSaturation }) : resized
  const png = await bytesOf(copy, 'png')
  const jpeg = isOfSquares(picture) ? undefined : await bytesOf(copy, 'jpeg')
  return jpeg && jpeg.length < png.length ? addressOf('jpeg', jpeg) : addressOf('png', png)
}

function isOfSquares({ width, height }: RgbImage): boolean {
  return Math.max(width, height) <= mostSquares
}

function bytesOf(copy: Sharp, format: 'png' | 'jpeg'): Promise<Buffer> {
  const cloned = copy.clone()
  const coded =
    format === 'png' ? cloned.png({ compressionLevel: 9 }) : cloned.jpeg({ quality: 80, mozjpeg: true })
  return coded.toBuffer()
}

function addressOf(format: 'png' | 'jpeg', bytes: Buffer): string {
  return `data:image/${format};base64,${bytes.toString('base64')}`
}
