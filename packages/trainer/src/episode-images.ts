import { span, tf, type RandomKey } from '@m2l/engine'
import {
  colourJitter,
  normalise,
  renderViews,
  type Dataset,
  type ImageRecord,
  type ImageSplit,
  type Normalisation,
  type RgbImage,
  type Transform,
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

/** An episode whose pictures are decoded. */
export interface DecodedEpisode {
  readonly support: readonly RgbImage[]
  readonly query: readonly RgbImage[]
  readonly unlabelled?: readonly RgbImage[]
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

  /** Decodes an episode's pictures; only this waits for the disk. */
  async decode(episode: Episode): Promise<DecodedEpisode> {
    const records = (images: Episode['support']) =>
      images.flatMap((ofClass, label) => ofClass.map((image) => this.record(episode.classes[label]!, image)))
    const support = records(episode.support)
    const labelled = [...support, ...records(episode.query)]
    const unlabelled = episode.unlabelled?.map((image) => this.record(...image)) ?? []
    const pictures = await this.dataset.readMany([...labelled, ...unlabelled])
    return {
      support: pictures.slice(0, support.length),
      query: pictures.slice(support.length, labelled.length),
      ...(episode.unlabelled && { unlabelled: pictures.slice(labelled.length) }),
      shots: episode.support.map((ofClass) => ofClass.length),
      labels: episode.query.flatMap((ofClass, label) => ofClass.map(() => label)),
    }
  }

  /**
   * Transforms decoded pictures.
   *
   * @param views which views of them are wanted
   * @param key in training, the source of the random transforms
   */
  render(pictures: readonly RgbImage[], views: readonly ImageView[], key?: RandomKey): ImageTensors {
    const { whole, parts } = this.transforms
    return {
      count: pictures.length,
      ...(views.includes('parts') && {
        parts: this.#views(pictures, requiredParts(parts), key?.fold('parts')),
      }),
      ...(views.includes('whole') && { whole: this.#views(pictures, whole, key?.fold('whole')) }),
    }
  }

  /**
   * Transforms a decoded episode; the tensors are the caller's.
   *
   * @param views which views of its images are wanted; a `FewShotModel` says it
   * @param key in training, the source of the random transforms
   */
  renderEpisode(
    { support, query, unlabelled, ...episode }: DecodedEpisode,
    { views, viewsOfUnlabelled = [] }: EpisodeViews,
    key?: RandomKey,
  ): EpisodeTensors {
    return {
      support: this.render(support, views, key?.fold('support')),
      shots: episode.shots,
      query: this.render(query, views, key?.fold('query')),
      ...(unlabelled && {
        unlabelled: this.render(unlabelled, viewsOfUnlabelled, key?.fold('unlabelled')),
      }),
      labels: tf.tensor1d([...episode.labels], 'int32'),
    }
  }

  #views(pictures: readonly RgbImage[], transform: Transform, key?: RandomKey): tf.Tensor4D {
    return span('render', () => this.#rendered(pictures, transform, key))
  }

  #rendered(pictures: readonly RgbImage[], transform: Transform, key?: RandomKey): tf.Tensor4D {
    const { normalisation, jitter } = this.transforms
    const views = pictures.map((picture, index) => transform(picture, key?.fold(index)))
    if (!key || !jitter) return renderViews(pictures, views, { ...(normalisation && { normalisation }) })
    return tf.tidy(() => {
      const jittered = colourJitter(renderViews(pictures, views), key.fold('colour'))
      return normalisation ? normalise(jittered, normalisation) : jittered
    })
  }
}

function requiredParts(parts: Transform | undefined): Transform {
  if (!parts) throw new TypeError('a level needs parts, but the transforms have none; give `parts`')
  return parts
}

/** Frees the tensors of an episode. */
export function disposeEpisode({ support, query, unlabelled, labels }: EpisodeTensors): void {
  for (const images of [support, query, unlabelled]) tf.dispose([images?.whole, images?.parts])
  labels.dispose()
}
