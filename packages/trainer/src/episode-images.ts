import { span, tf, type RandomKey } from '@m2l/engine'
import {
  colourJitter,
  normalise,
  releaseViews,
  renderAhead,
  type Dataset,
  type ImageRecord,
  type ImageSplit,
  type Normalisation,
  type RenderedViews,
  type RgbImage,
  type Transform,
  viewsTensor,
} from '@m2l/datasets'
import type { Episode } from '@m2l/samplers'
import type { ImageView } from './forward-encoding.js'

/** How pictures become input of the backbone. Without a key the transforms are fixed, with one they draw from it. */
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

/** An episode as input of the model. */
export interface EpisodeTensors {
  readonly support: ImageTensors
  /** The number of support images of each class. */
  readonly shots: readonly number[]
  readonly query: ImageTensors
  /** Images whose class is not told, in semi-supervised episodes where some level looks at them. */
  readonly unlabelled?: ImageTensors
  /** [queries], int32: the class of each query, as its position in the episode. */
  readonly labels: tf.Tensor1D
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

/** An episode whose pictures are rendered. */
export interface RenderedEpisode {
  readonly support: RenderedImages
  readonly query: RenderedImages
  readonly unlabelled?: RenderedImages
  readonly shots: readonly number[]
  readonly labels: readonly number[]
}

/** Which views of the images of an episode are wanted. */
export interface EpisodeViews {
  readonly views: readonly ImageView[]
  /** Of unlabelled images; none if not given. */
  readonly viewsOfUnlabelled?: readonly ImageView[]
}

/** An episode as far as somebody looks at it: without its unlabelled images where nobody does. */
export function episodeSeenBy({ viewsOfUnlabelled = [] }: EpisodeViews, episode: Episode): Episode {
  if (viewsOfUnlabelled.length > 0) return episode
  const { unlabelled: _unlabelled, ...labelled } = episode
  return labelled
}

/** The pictures of a split and the transforms that they pass: what training and evaluation read. */
export class EpisodeImages {
  readonly dataset: Dataset
  readonly split: ImageSplit
  readonly transforms: ImageTransforms

  constructor(dataset: Dataset, split: ImageSplit, transforms: ImageTransforms) {
    this.dataset = dataset
    this.split = split
    this.transforms = transforms
  }

  /** The record of an image of an episode: its class, then its position in the class. */
  record(classIndex: number, imageIndex: number): ImageRecord {
    return this.split.classes[classIndex]!.images[imageIndex]!
  }

  /**
   * Decodes and transforms images, on other threads where that is faster.
   *
   * @param views which views of them are wanted
   * @param key in training, the source of the random transforms
   * @throws {InputError} naming the file when one is not a readable picture
   */
  async load(
    records: readonly ImageRecord[],
    views: readonly ImageView[],
    key?: RandomKey,
  ): Promise<RenderedImages> {
    return this.#render(await this.dataset.readMany(records), views, key)
  }

  /**
   * Decodes and transforms the images of an episode, likewise.
   *
   * @param views which views of its images are wanted; a `FewShotModel` says it
   */
  async loadEpisode(
    episode: Episode,
    { views, viewsOfUnlabelled = [] }: EpisodeViews,
    key?: RandomKey,
  ): Promise<RenderedEpisode> {
    const records = (images: Episode['support']) =>
      images.flatMap((ofClass, label) => ofClass.map((image) => this.record(episode.classes[label]!, image)))
    const support = records(episode.support)
    const labelled = [...support, ...records(episode.query)]
    const unlabelled = episode.unlabelled?.map((image) => this.record(...image)) ?? []
    const pictures = await this.dataset.readMany([...labelled, ...unlabelled])
    const [ofSupport, ofQuery, ofUnlabelled] = await Promise.all([
      this.#render(pictures.slice(0, support.length), views, key?.fold('support')),
      this.#render(pictures.slice(support.length, labelled.length), views, key?.fold('query')),
      episode.unlabelled &&
        this.#render(pictures.slice(labelled.length), viewsOfUnlabelled, key?.fold('unlabelled')),
    ])
    return {
      support: ofSupport,
      query: ofQuery,
      ...(ofUnlabelled && { unlabelled: ofUnlabelled }),
      shots: episode.support.map((ofClass) => ofClass.length),
      labels: episode.query.flatMap((ofClass, label) => ofClass.map(() => label)),
    }
  }

  /** Rendered images as tensors, which are the caller's. */
  tensors({ count, whole, parts }: RenderedImages): ImageTensors {
    return {
      count,
      ...(parts && { parts: this.#tensor(parts) }),
      ...(whole && { whole: this.#tensor(whole) }),
    }
  }

  /** A rendered episode as tensors, which are the caller's. */
  episodeTensors({ support, query, unlabelled, shots, labels }: RenderedEpisode): EpisodeTensors {
    return {
      support: this.tensors(support),
      shots,
      query: this.tensors(query),
      ...(unlabelled && { unlabelled: this.tensors(unlabelled) }),
      labels: tf.tensor1d([...labels], 'int32'),
    }
  }

  async #render(
    pictures: readonly RgbImage[],
    views: readonly ImageView[],
    key?: RandomKey,
  ): Promise<RenderedImages> {
    const { whole, parts } = this.transforms
    const [ofParts, ofWhole] = await Promise.all([
      views.includes('parts') ? this.#views(pictures, requiredParts(parts), key?.fold('parts')) : undefined,
      views.includes('whole') ? this.#views(pictures, whole, key?.fold('whole')) : undefined,
    ])
    return {
      count: pictures.length,
      ...(ofParts && { parts: ofParts }),
      ...(ofWhole && { whole: ofWhole }),
    }
  }

  async #views(
    pictures: readonly RgbImage[],
    transform: Transform,
    key?: RandomKey,
  ): Promise<RenderedImageViews> {
    const { normalisation, jitter } = this.transforms
    const views = pictures.map((picture, index) => transform(picture, key?.fold(index)))
    if (key && jitter) return { rendered: await renderAhead(pictures, views), colourKey: key.fold('colour') }
    return { rendered: await renderAhead(pictures, views, { ...(normalisation && { normalisation }) }) }
  }

  #tensor({ rendered, colourKey }: RenderedImageViews): tf.Tensor4D {
    const { normalisation } = this.transforms
    if (!colourKey) return viewsTensor(rendered)
    return span('colours', () =>
      tf.tidy(() => {
        const jittered = colourJitter(viewsTensor(rendered), colourKey)
        return normalisation ? normalise(jittered, normalisation) : jittered
      }),
    )
  }
}

function requiredParts(parts: Transform | undefined): Transform {
  if (!parts) throw new TypeError('a level needs parts, but the transforms have none; give `parts`')
  return parts
}

/** Frees the tensors of images; given what they were made from, also its memory, for the images that come next. */
export function disposeImages(tensors: ImageTensors, rendered?: RenderedImages): void {
  tf.dispose([tensors.whole, tensors.parts])
  for (const views of [rendered?.whole, rendered?.parts]) if (views) releaseViews(views.rendered)
}

/** Frees the tensors of an episode, likewise. */
export function disposeEpisode(tensors: EpisodeTensors, rendered?: RenderedEpisode): void {
  for (const role of ['support', 'query', 'unlabelled'] as const) {
    const images = tensors[role]
    if (images) disposeImages(images, rendered?.[role])
  }
  tensors.labels.dispose()
}
