import type { RandomKey } from '@m2l/engine'
import { renderAhead, type Dataset, type ImageRecord, type ImageSplit } from '@m2l/datasets'
import {
  episodeTensors,
  imageTensors,
  renderImages,
  type EpisodeTensors,
  type ImageTensors,
  type ImageTransforms,
  type ImageView,
  type RenderedEpisode,
  type RenderedImages,
} from '@m2l/model'
import type { RgbImage } from '@m2l/pictures'
import type { Episode } from '@m2l/samplers'

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
    return renderImages(await this.dataset.readMany(records), this.transforms, views, {
      key,
      render: renderAhead,
    })
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
    const render = (some: readonly RgbImage[], wanted: readonly ImageView[], role: string) =>
      renderImages(some, this.transforms, wanted, { key: key?.fold(role), render: renderAhead })
    const [ofSupport, ofQuery, ofUnlabelled] = await Promise.all([
      render(pictures.slice(0, support.length), views, 'support'),
      render(pictures.slice(support.length, labelled.length), views, 'query'),
      episode.unlabelled && render(pictures.slice(labelled.length), viewsOfUnlabelled, 'unlabelled'),
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
  tensors(rendered: RenderedImages): ImageTensors {
    return imageTensors(rendered, this.transforms)
  }

  /** A rendered episode as tensors, which are the caller's. */
  episodeTensors(rendered: RenderedEpisode): EpisodeTensors {
    return episodeTensors(rendered, this.transforms)
  }
}
