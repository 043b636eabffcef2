import { span, tf, type RandomKey } from '@m2l/engine'
import {
  colourJitter,
  normalise,
  viewsTensor,
  type Normalisation,
  type RenderedViews,
  type RenderOptions,
  type RgbImage,
  type Transform,
  type View,
} from '@m2l/pictures'
import { renderPixels } from '@m2l/pictures/pixels'
import type { ImageView } from '../model/forward-encoding.js'

/**
 * How pictures become input of the backbone. Without a key the transforms are fixed, with one they draw from
 * it.
 */
export interface ImageTransforms {
  /** One view: the whole image. */
  readonly whole: Transform
  /** The parts of an image; needed where a level needs parts. */
  readonly parts?: Transform
  readonly normalisation?: Normalisation
  /** Whether brightness, contrast and colour vary in training. */
  readonly jitter?: boolean
}

/** Images as input of the backbone. */
export interface ImageTensors {
  /** The number of images. */
  readonly count: number
  /** [count, height, width, 3] */
  readonly whole?: tf.Tensor4D
  /** [count * parts, height, width, 3], the parts of image 0 first. */
  readonly parts?: tf.Tensor4D
}

/** Images that are decoded and rendered: plain numbers, which only have to become tensors. */
export interface RenderedImages {
  readonly count: number
  readonly whole?: RenderedImageViews
  readonly parts?: RenderedImageViews
}

/** One view of some images, or all their parts. */
interface RenderedImageViews {
  readonly rendered: RenderedViews
  /** Where colours vary: the source of how, before the normalisation. */
  readonly colourKey?: RandomKey
}

/** Renders views of pictures: on this thread as `renderPixels` of `@m2l/pictures`, or on others. */
export type ViewRenderer = (
  pictures: readonly RgbImage[],
  views: readonly (readonly View[])[],
  options: RenderOptions,
) => RenderedViews | Promise<RenderedViews>

/** How pictures are transformed. */
export interface RenderImagesOptions {
  /** In training, the source of the random transforms. */
  readonly key?: RandomKey | undefined
  /**
   * `renderPixels` of `@m2l/pictures`, on this thread, if not given; `renderAhead` of `@m2l/datasets` takes
   * other threads.
   */
  readonly render?: ViewRenderer | undefined
}

/**
 * Transforms pictures.
 *
 * @param views which views of them are wanted
 * @throws {InputError} when a picture is too small for a transform
 */
export async function renderImages(
  pictures: readonly RgbImage[],
  transforms: ImageTransforms,
  views: readonly ImageView[],
  { key, render: renderer = renderPixels }: RenderImagesOptions = {},
): Promise<RenderedImages> {
  const { whole, parts } = transforms
  const render = (transform: Transform, viewKey: RandomKey | undefined) =>
    renderView(pictures, transform, transforms, { key: viewKey, render: renderer })
  const [ofParts, ofWhole] = await Promise.all([
    views.includes('parts') ? render(requiredParts(parts), key?.fold('parts')) : undefined,
    views.includes('whole') ? render(whole, key?.fold('whole')) : undefined,
  ])
  return {
    count: pictures.length,
    ...(ofParts && { parts: ofParts }),
    ...(ofWhole && { whole: ofWhole }),
  }
}

/** Rendered images as tensors, which are the caller's. */
export function imageTensors(
  { count, whole, parts }: RenderedImages,
  { normalisation }: Pick<ImageTransforms, 'normalisation'>,
): ImageTensors {
  return {
    count,
    ...(parts && { parts: viewTensor(parts, normalisation) }),
    ...(whole && { whole: viewTensor(whole, normalisation) }),
  }
}

/**
 * Frees the tensors of images; given what they were made from, also its memory, for the images that come
 * next.
 */
export function disposeImages(tensors: ImageTensors, rendered?: RenderedImages): void {
  tf.dispose([tensors.whole, tensors.parts])
  for (const views of [rendered?.whole, rendered?.parts]) views?.rendered.release?.()
}

async function renderView(
  pictures: readonly RgbImage[],
  transform: Transform,
  { normalisation, jitter }: ImageTransforms,
  { key, render }: { readonly key: RandomKey | undefined; readonly render: ViewRenderer },
): Promise<RenderedImageViews> {
  const views = pictures.map((picture, index) => transform(picture, key?.fold(index)))
  if (key && jitter) return { rendered: await render(pictures, views, {}), colourKey: key.fold('colour') }
  return { rendered: await render(pictures, views, { normalisation }) }
}

function viewTensor(
  { rendered, colourKey }: RenderedImageViews,
  normalisation: Normalisation | undefined,
): tf.Tensor4D {
  if (!colourKey) return viewsTensor(rendered)
  return span('colours', () =>
    tf.tidy(() => {
      const jittered = colourJitter(viewsTensor(rendered), colourKey)
      return normalisation ? normalise(jittered, normalisation) : jittered
    }),
  )
}

function requiredParts(parts: Transform | undefined): Transform {
  if (!parts) throw new TypeError('a level needs parts, but the transforms have none; give `parts`')
  return parts
}
