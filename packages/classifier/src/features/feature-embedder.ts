import { fingerprintOf } from '../fingerprint.js'
import { InputError } from '@m2l/engine'
import type { Embedder } from '../embedding/embedder.js'
import { joinImages } from '../embedding/embedded-images.js'
import { nameOfImage, type ReadableImage } from '../pictures/given-image.js'
import type { EmbeddedBatch, EmbedOptions, OnUnreadable } from '../embedding/image-embedder.js'
import { isFeatures, type FeatureSet } from './feature-set.js'

/** How many pictures make a batch. */
const picturesPerBatch = 256

/** Takes pictures that are given as their features, all of one shape. */
export class FeatureEmbedder implements Embedder {
  readonly fingerprint: string
  readonly reduceTo = 1
  readonly #shape: readonly number[]
  readonly #model: string | undefined

  /**
   * @param shape of the features of a picture: [height, width, channels]
   * @param model that made them, where that is known
   */
  constructor(shape: readonly number[], model?: string) {
    this.#shape = shape
    this.#model = model
    this.fingerprint = fingerprintOf(`features [${shape}] ${model ?? ''}`)
  }

  async *embed(
    images: readonly ReadableImage[],
    { onProgress, signal }: EmbedOptions,
    onUnreadable?: OnUnreadable,
  ): AsyncGenerator<EmbeddedBatch> {
    for (let start = 0; start < images.length; start += picturesPerBatch) {
      signal?.throwIfAborted()
      const some = images.slice(start, start + picturesPerBatch)
      const taken = some.flatMap((image, index) => {
        const problem = this.problemOf(image, start + index)
        if (problem === undefined) return isFeatures(image) ? [{ position: start + index, image }] : []
        if (!onUnreadable) throw problem
        onUnreadable(start + index, problem)
        return []
      })
      if (taken.length > 0) {
        yield {
          positions: taken.map(({ position }) => position),
          images: joinImages(taken.map(({ image }) => ({ map: image.features }))),
        }
      }
      onProgress?.(start + some.length, images.length)
    }
  }

  dispose(): void {}

  /** Why a picture cannot be taken; nothing where it can. */
  problemOf(image: ReadableImage, position: number): InputError | undefined {
    const name = nameOfImage(image, position)
    if (!isFeatures(image)) {
      return new InputError(
        `${name}: is a picture, but the classifier knows features alone; embed it first, with the network that made these`,
      )
    }
    const found = image.features.shape.slice(1)
    if (String(found) !== String(this.#shape)) {
      return new InputError(
        `${name}: has features of ${shown(found)}, those of the examples are of ${shown(this.#shape)}; take features of the same network`,
      )
    }
    const isOther = image.model !== undefined && this.#model !== undefined && image.model !== this.#model
    return isOther
      ? new InputError(
          `${name}: has features that other weights made than those of the examples; take features of the same network`,
        )
      : undefined
  }
}

/** What takes pictures with features as those of a set. */
export function embedderOf({ map, model }: FeatureSet): FeatureEmbedder {
  return new FeatureEmbedder(map.shape.slice(1), model)
}

/** The shape of the features of a picture; pooled ones are told by their number. */
export function shown(shape: readonly number[]): string {
  const [height, width, channels] = shape
  return height === 1 && width === 1 ? `${channels} numbers` : shape.join(' x ')
}
