import { fingerprintOf } from '../fingerprint.js'
import type { RgbImage } from '@m2l/pictures'
import type { EmbeddingField } from '@m2l/metric'
import { isFeatures } from '../features/feature-set.js'
import { cornerCrops } from '../choice/picture-crops.js'
import { chooseImages, joinImages, type EmbeddedImages } from './embedded-images.js'
import type { Embedder } from './embedder.js'
import { nameOfImage, readGivenImage, type ReadableImage, type NamedImage } from '../pictures/given-image.js'
import type { EmbeddedBatch, EmbedOptions, OnUnreadable } from './image-embedder.js'

/** The whole picture and its corners. */
const viewsOfPicture = 5

/**
 * Sees each picture five times, the whole of it and its corners, and takes the mean of what it sees: more of
 * the details of large pictures, for five passes. Its embeddings have the fields and shapes of those of the
 * embedder that it uses, which is not its own.
 */
export class CropsEmbedder implements Embedder {
  readonly fingerprint: string
  readonly reduceTo: number
  readonly #whole: Embedder

  constructor(whole: Embedder) {
    this.#whole = whole
    this.reduceTo = whole.reduceTo
    this.fingerprint = fingerprintOf(`crops ${whole.fingerprint}`)
  }

  async *embed(
    images: readonly ReadableImage[],
    { onProgress, ...options }: EmbedOptions,
    onUnreadable?: OnUnreadable,
  ): AsyncGenerator<EmbeddedBatch> {
    const views = images.flatMap((image, position) =>
      viewsOf(image, nameOfImage(image, position), this.reduceTo),
    )
    const failed = new Set<number>()
    const onView: OnUnreadable = (view, error) => {
      const position = Math.floor(view / viewsOfPicture)
      if (failed.has(position)) return
      failed.add(position)
      onUnreadable!(position, error)
    }
    const seen = new Map<number, EmbeddedImages[]>()
    const progress: EmbedOptions = {
      ...options,
      onProgress: (done) => onProgress?.(Math.floor(done / viewsOfPicture), images.length),
    }
    for await (const batch of this.#whole.embed(views, progress, onUnreadable && onView)) {
      for (const [index, view] of batch.positions.entries()) {
        const position = Math.floor(view / viewsOfPicture)
        const ofPicture = seen.get(position) ?? []
        seen.set(position, [...ofPicture, chooseImages(batch.images, [index])])
      }
      const whole = [...seen].filter(([, ofPicture]) => ofPicture.length === viewsOfPicture)
      if (whole.length === 0) continue
      for (const [position] of whole) seen.delete(position)
      yield {
        positions: whole.map(([position]) => position),
        images: joinImages(whole.map(([, ofPicture]) => meanOf(ofPicture))),
      }
    }
  }

  /**
   * Whether crops of a picture show details that are lost where the whole of it is made as small as the
   * network's input: crops of smaller pictures are only blown up.
   *
   * @param side the side of the input, in pixels
   */
  async showsMore(image: ReadableImage, name: string, side: number): Promise<boolean> {
    if (isFeatures(image)) return false
    const [crop] = cornerCrops(await readGivenImage(image, name, { reduceTo: this.reduceTo }))
    return Math.min(crop!.width, crop!.height) >= side
  }

  dispose(): void {}
}

/**
 * The views of a picture, each read when its turn comes; the picture is decoded once, and held until the last
 * of them is made.
 */
function viewsOf(image: ReadableImage, name: string, reduceTo: number): NamedImage[] {
  let picture: Promise<RgbImage> | undefined
  let left = viewsOfPicture
  const read = async (): Promise<RgbImage[]> => {
    picture ??= readGivenImage(image, name, { reduceTo })
    const decoded = await picture
    left -= 1
    if (left === 0) picture = undefined
    return [decoded, ...cornerCrops(decoded)]
  }
  return Array.from({ length: viewsOfPicture }, (_, view) => ({
    name,
    read: async () => (await read())[view]!,
  }))
}

/** The mean of embeddings of one picture. */
function meanOf(views: readonly EmbeddedImages[]): EmbeddedImages {
  const [first] = views
  const fields = (Object.keys(first!) as EmbeddingField[]).map((field) => {
    const data = new Float32Array(first![field]!.data.length)
    for (const view of views) {
      for (const [index, value] of view[field]!.data.entries()) data[index]! += value / views.length
    }
    return [field, { shape: first![field]!.shape, data }]
  })
  return Object.fromEntries(fields) as EmbeddedImages
}
