import { tf } from '@m2l/engine'
import {
  disposeEmbedding,
  type Embedding,
  type MetricLevel,
  type ScoreExplanation,
  type Support,
} from '@m2l/metric'
import type { FewShotModel, ImageTensors, ImageView } from '@m2l/model'
import type { RgbImage } from '@m2l/pictures'
import { LevelOrigins, type SeenPicture } from './level-origins.js'
import {
  picturesAtOnce,
  renderedBy,
  type ExplainerOptions,
  type NamedPicture,
  type Origins,
  type SeenQuery,
  type Sight,
} from './sight.js'

/**
 * Sees pictures in positions and parts, which levels compare themselves and tell the terms of their sums of.
 */
export class PositionSight implements Sight {
  readonly support: Support
  readonly #model: FewShotModel
  readonly #options: ExplainerOptions

  constructor(model: FewShotModel, options: ExplainerOptions) {
    this.#model = model
    this.#options = options
    const { classes, unlabelled, drawnShots } = options
    const labelled = classes.flatMap(({ pictures }) => pictures)
    this.support = {
      ...this.#embed(labelled, model.views),
      shots: classes.map(({ pictures }) => pictures.length),
      ...(drawnShots !== undefined && { drawnShots }),
      ...(unlabelled?.length &&
        model.viewsOfUnlabelled.length > 0 && {
          unlabelled: this.#embed(unlabelled, model.viewsOfUnlabelled),
        }),
    }
  }

  async see(query: NamedPicture): Promise<SeenQuery> {
    const embedding = this.#embed([query], this.#model.views)
    return {
      embedding,
      origins: async (level: MetricLevel, labels: readonly number[]): Promise<Origins | undefined> => {
        const explanations = await level.explain?.(this.support, embedding, { training: false })
        if (!explanations) return undefined
        const where = this.#origins(query, explanations)
        return new Map(labels.map((label) => [label, where.of(label)]))
      },
      dispose: () => disposeEmbedding(embedding),
    }
  }

  dispose(): void {
    disposeEmbedding(this.support)
    if (this.support.unlabelled) disposeEmbedding(this.support.unlabelled)
  }

  #origins(query: NamedPicture, explanations: readonly ScoreExplanation[]): LevelOrigins {
    const { transforms, classes, unlabelled = [] } = this.#options
    const seen = ({ name, picture }: NamedPicture): SeenPicture => ({
      name,
      size: { height: picture.height, width: picture.width },
    })
    return new LevelOrigins(explanations, {
      model: this.#model,
      transforms,
      query: seen(query),
      supports: classes.flatMap(({ pictures }) => pictures.map(seen)),
      unlabelled: unlabelled.map(seen),
    })
  }

  #embed(pictures: readonly NamedPicture[], views: readonly ImageView[]): Embedding {
    return tf.tidy(() => {
      const chunks: Embedding[] = []
      for (let start = 0; start < pictures.length; start += picturesAtOnce) {
        const some = pictures.slice(start, start + picturesAtOnce).map(({ picture }) => picture)
        chunks.push(
          tf.tidy(() => ({
            ...this.#model.embed(this.#tensors(some, views), { training: false }),
          })),
        )
      }
      const [first] = chunks
      const joined = (field: keyof Embedding) => tf.concat(chunks.map((chunk) => chunk[field]! as tf.Tensor))
      return {
        ...(first!.map && { map: joined('map') as tf.Tensor4D }),
        ...(first!.parts && { parts: joined('parts') as tf.Tensor3D }),
      }
    })
  }

  #tensors(pictures: readonly RgbImage[], views: readonly ImageView[]): ImageTensors {
    const { transforms } = this.#options
    const { whole, parts } = transforms
    return {
      count: pictures.length,
      ...(views.includes('whole') && { whole: renderedBy(pictures, whole, transforms) }),
      ...(views.includes('parts') && parts && { parts: renderedBy(pictures, parts, transforms) }),
    }
  }
}
