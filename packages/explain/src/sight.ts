import { renderViews, type RgbImage } from '@m2l/pictures'
import type { Embedding, LevelFusion, MetricLevel, Support } from '@m2l/metric'
import type { Region } from '@m2l/nn'
import type { EvaluatedModel, ImageTransforms } from '@m2l/model'
import type { ScoreOrigin } from './explanation.js'

/** A picture and what to call it. */
export interface NamedPicture {
  readonly name: string
  readonly picture: RgbImage
}

/** A class and the pictures by which it is known. */
export interface SupportClass {
  readonly name: string
  /** At least one. */
  readonly pictures: readonly NamedPicture[]
}

/** A picture that is seen of another one: a crop of it, or the whole. */
export interface SeenView {
  readonly picture: RgbImage
  /** What it shows, in shares of the other's height and width. */
  readonly region: Region
}

/** By what queries are explained. */
export interface ExplainerOptions {
  /** Its encoding is `pooled`, or it is a `FewShotModel`. */
  readonly model: EvaluatedModel
  /** What compares, where that are not the model's own levels: heads that are fitted to the examples. */
  readonly metric?: LevelFusion
  /** How pictures become input of the backbone; without randomness, as in evaluation. */
  readonly transforms: ImageTransforms
  /**
   * Of a model whose encoding is `pooled`: what is seen of a picture, whose feature is the mean of theirs.
   * The whole, if not given.
   */
  readonly views?: (picture: RgbImage) => readonly SeenView[]
  readonly classes: readonly SupportClass[]
  /** Pictures whose class is not told, for levels that look at them. */
  readonly unlabelled?: readonly NamedPicture[]
  /**
   * See `Support` of `@m2l/metric`: of how many pictures a class's scores are to be; of all, as published, if
   * not given.
   */
  readonly drawnShots?: number
}

/** The examples as a model sees them, and a way to see queries. */
export interface Sight {
  readonly support: Support
  see(query: NamedPicture): Promise<SeenQuery>
  dispose(): void
}

/** A query as a model sees it. */
export interface SeenQuery {
  readonly embedding: Embedding
  /** Where a level's scores of some classes came from; nothing where it does not tell. */
  origins(level: MetricLevel, labels: readonly number[]): Promise<Origins | undefined>
  dispose(): void
}

/** Where scores came from, by class. */
export type Origins = ReadonlyMap<number, ScoreOrigin>

/** How many pictures pass the backbone at once, each with all its views. */
export const picturesAtOnce = 16

/** Views of some pictures as input of the backbone, one after the other. */
export function renderedBy(
  pictures: readonly RgbImage[],
  transform: ImageTransforms['whole'],
  { normalisation }: ImageTransforms,
): ReturnType<typeof renderViews> {
  return renderViews(
    pictures,
    pictures.map((picture) => transform(picture)),
    { ...(normalisation && { normalisation }) },
  )
}
