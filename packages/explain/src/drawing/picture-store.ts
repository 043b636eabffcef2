import { createHash } from 'node:crypto'
import type { RgbImage } from '@m2l/datasets'
import sharp from 'sharp'
import type { Element } from 'xast'
import { x } from 'xastscript'
import { placed, type Frame } from './frame.js'

/** The longer side of a picture in a drawing, in pixels. */
const longerSide = 336

/** What is left of the colours of a picture on which those of a heat map are to be seen. */
const paleSaturation = 0.15

/** The pictures of a drawing, in their colours and almost without: each is held once, however often it is shown. */
export class PictureStore {
  readonly #coloured: Symbols
  readonly #pale: Symbols

  private constructor(coloured: Symbols, pale: Symbols) {
    this.#coloured = coloured
    this.#pale = pale
  }

  /** Makes small copies of the pictures that are shown in either way. */
  static async of(pictures: {
    readonly coloured: readonly RgbImage[]
    readonly pale: readonly RgbImage[]
  }): Promise<PictureStore> {
    // Here colours are taken away from copies, since the filter of SVG that does so takes seconds to draw.
    return new PictureStore(await symbols(pictures.coloured, 1), await symbols(pictures.pale, paleSaturation))
  }

  /** What the drawing has to hold before it shows pictures. */
  get definitions(): Element {
    const all = [...this.#coloured.values(), ...this.#pale.values()]
    return x(
      'defs',
      all.map(({ element }) => element),
    )
  }

  /** A picture in its colours. */
  show(picture: RgbImage, frame: Frame): Element {
    return use(this.#coloured, picture, frame)
  }

  /** A picture almost without colours. */
  showPale(picture: RgbImage, frame: Frame): Element {
    return use(this.#pale, picture, frame)
  }
}

type Symbols = ReadonlyMap<RgbImage, { readonly id: string; readonly element: Element }>

async function symbols(pictures: readonly RgbImage[], saturation: number): Promise<Symbols> {
  const made = [...new Set(pictures)].map(async (picture) => {
    const { width, height } = picture
    const address = await dataAddress(picture, saturation)
    // Two drawings on one page may hold the same id only for the same picture.
    const id = `picture-${createHash('sha256').update(address).digest('hex').slice(0, 16)}`
    const image = x('image', { width, height, preserveAspectRatio: 'none', href: address })
    const attributes = { id, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none' }
    return [picture, { id, element: x('symbol', attributes, image) }] as const
  })
  return new Map(await Promise.all(made))
}

function use(made: Symbols, picture: RgbImage, frame: Frame): Element {
  return x('use', { href: `#${made.get(picture)!.id}`, ...placed(frame) })
}

/** A small copy as a data address; pictures smaller than it keep their pixels as squares. */
async function dataAddress({ width, height, data }: RgbImage, saturation: number): Promise<string> {
  const scale = longerSide / Math.max(width, height)
  const [across, down] = [width, height].map((length) => Math.max(1, Math.round(length * scale)))
  const resized = sharp(data, { raw: { width, height, channels: 3 } }).resize(across, down, {
    fit: 'fill',
    kernel: scale > 1 ? 'nearest' : 'lanczos3',
  })
  const copy = saturation === 1 ? resized : resized.modulate({ saturation })
  const bytes = await (scale > 1 ? copy.png() : copy.jpeg({ quality: 88 })).toBuffer()
  return `data:image/${scale > 1 ? 'png' : 'jpeg'};base64,${bytes.toString('base64')}`
}
