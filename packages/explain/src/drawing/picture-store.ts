import { createHash } from 'node:crypto'
import type { RgbImage } from '@m2l/datasets'
import sharp from 'sharp'
import type { Element } from 'xast'
import { x } from 'xastscript'
import { placed, type Frame } from './frame.js'

/** The longer side of a picture in a drawing, in pixels. */
const longerSide = 336

const paleFilter = 'pale-picture'

/** The pictures of a drawing: each is held once, however often it is shown. */
export class PictureStore {
  readonly #symbols = new Map<RgbImage, { readonly id: string; readonly element: Element }>()

  private constructor() {}

  /** Makes small copies of pictures. */
  static async of(pictures: readonly RgbImage[]): Promise<PictureStore> {
    const store = new PictureStore()
    for (const picture of new Set(pictures)) {
      const address = await dataAddress(picture)
      // Two drawings on one page may hold the same id only for the same picture.
      const id = `picture-${createHash('sha256').update(address).digest('hex').slice(0, 16)}`
      const element = x(
        'symbol',
        { id, viewBox: `0 0 ${picture.width} ${picture.height}`, preserveAspectRatio: 'none' },
        x('image', {
          width: picture.width,
          height: picture.height,
          preserveAspectRatio: 'none',
          href: address,
        }),
      )
      store.#symbols.set(picture, { id, element })
    }
    return store
  }

  /** What the drawing has to hold before it shows pictures. */
  get definitions(): Element {
    return x('defs', [
      x('filter', { id: paleFilter }, x('feColorMatrix', { type: 'saturate', values: 0.15 })),
      ...Array.from(this.#symbols.values(), ({ element }) => element),
    ])
  }

  /** A picture in its colours. */
  show(picture: RgbImage, frame: Frame): Element {
    return x('use', { href: `#${this.#symbols.get(picture)!.id}`, ...placed(frame) })
  }

  /** A picture almost without colours, on which those of a heat map are seen. */
  showPale(picture: RgbImage, frame: Frame): Element {
    return x('g', { filter: `url(#${paleFilter})` }, this.show(picture, frame))
  }
}

/** A small copy as a data address; pictures smaller than it keep their pixels as squares. */
async function dataAddress({ width, height, data }: RgbImage): Promise<string> {
  const scale = longerSide / Math.max(width, height)
  const [across, down] = [width, height].map((length) => Math.max(1, Math.round(length * scale)))
  const copy = sharp(data, { raw: { width, height, channels: 3 } }).resize(across, down, {
    fit: 'fill',
    kernel: scale > 1 ? 'nearest' : 'lanczos3',
  })
  const bytes = await (scale > 1 ? copy.png({ palette: false }) : copy.jpeg({ quality: 88 })).toBuffer()
  return `data:image/${scale > 1 ? 'png' : 'jpeg'};base64,${bytes.toString('base64')}`
}
