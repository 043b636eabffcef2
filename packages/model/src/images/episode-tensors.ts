import { tf } from '@m2l/engine'
import {
  disposeImages,
  imageTensors,
  type ImageTensors,
  type ImageTransforms,
  type RenderedImages,
} from './image-tensors.js'

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

/** An episode whose pictures are rendered. */
export interface RenderedEpisode {
  readonly support: RenderedImages
  readonly query: RenderedImages
  readonly unlabelled?: RenderedImages
  readonly shots: readonly number[]
  readonly labels: readonly number[]
}

/** A rendered episode as tensors, which are the caller's. */
export function episodeTensors(
  { support, query, unlabelled, shots, labels }: RenderedEpisode,
  transforms: Pick<ImageTransforms, 'normalisation'>,
): EpisodeTensors {
  return {
    support: imageTensors(support, transforms),
    shots,
    query: imageTensors(query, transforms),
    ...(unlabelled && { unlabelled: imageTensors(unlabelled, transforms) }),
    labels: tf.tensor1d([...labels], 'int32'),
  }
}

/**
 * Frees the tensors of an episode; given what they were made from, also its memory, for the images that come
 * next.
 */
export function disposeEpisode(tensors: EpisodeTensors, rendered?: RenderedEpisode): void {
  for (const role of ['support', 'query', 'unlabelled'] as const) {
    const images = tensors[role]
    if (images) disposeImages(images, rendered?.[role])
  }
  tensors.labels.dispose()
}
