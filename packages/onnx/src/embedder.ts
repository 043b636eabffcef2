import type { InputTransform, RenderedViews } from '@m2l/pictures'
import type { OnnxCard } from './card.js'
import type { FeatureMaps } from './feature-maps.js'

/** Makes feature maps of views of pictures; see `onnxEmbedder`. */
export interface OnnxEmbedder {
  readonly card: OnnxCard
  /** How pictures become views, and what becomes of the levels of these. */
  readonly input: InputTransform
  /** The height, width and channels of a view's features; pooled features are of one position. */
  readonly shape: readonly [height: number, width: number, channels: number]
  readonly channels: number
  /** What a person should know of the network since it was tried, as words that follow its name. */
  readonly notes: readonly string[]
  /** The numbers in its weights. */
  readonly parameters: number
  /** Names all that decides its numbers, network and card: a SHA-256 in hexadecimal. */
  readonly fingerprint: string
  /**
   * The feature maps of views, in runs of a size that does not depend on how many there are.
   *
   * @param views of the size that the card says, normalised as {@link input} says
   * @returns [views, height, width, channels]
   * @throws {InputError} when the network refuses them or answers otherwise than before
   * @throws {RangeError} when they are of another size
   */
  embed(views: RenderedViews): Promise<FeatureMaps>
  /** Frees the network. */
  dispose(): void
}
