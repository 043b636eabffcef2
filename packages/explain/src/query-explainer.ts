import { renderViews, type RgbImage } from '@m2l/datasets'
import { requireFinite, tf } from '@m2l/engine'
import type { Embedding, ScoreExplanation, Support } from '@m2l/metric'
import type { FewShotModel, ImageTensors, ImageTransforms, ImageView } from '@m2l/trainer'
import type { ExplainedLevel, QueryExplanation } from './explanation.js'
import { LevelOrigins, type SeenPicture } from './level-origins.js'

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

/** By what queries are explained. */
export interface ExplainerOptions {
  readonly model: FewShotModel
  /** How pictures become input of the backbone; without randomness, as in evaluation. */
  readonly transforms: ImageTransforms
  readonly classes: readonly SupportClass[]
  /** Pictures whose class is not told, for levels that look at them. */
  readonly unlabelled?: readonly NamedPicture[]
  /** See `Support` of `@m2l/metric`: of how many pictures a class's scores are to be; of all, as published, if not given. */
  readonly drawnShots?: number
}

/** What of a query is explained. */
export interface ExplainOptions {
  /** For how many of the likeliest classes it is told where scores came from; 2 if not given. */
  readonly classes?: number
  /** The name of the class that the query is of, where that is known; its scores are explained, too. */
  readonly truth?: string
}

/** How many pictures pass the backbone at once, each with all its parts. */
const picturesAtOnce = 16

/** Explains predictions for queries by the same support: embeds it once and holds it until it is disposed. */
export class QueryExplainer {
  readonly #options: ExplainerOptions
  readonly #support: Support

  constructor(options: ExplainerOptions) {
    this.#options = options
    const { model, classes, unlabelled, drawnShots } = options
    const labelled = classes.flatMap(({ pictures }) => pictures)
    this.#support = {
      ...this.#embed(labelled, model.views),
      shots: classes.map(({ pictures }) => pictures.length),
      ...(drawnShots !== undefined && { drawnShots }),
      ...(unlabelled?.length &&
        model.viewsOfUnlabelled.length > 0 && {
          unlabelled: this.#embed(unlabelled, model.viewsOfUnlabelled),
        }),
    }
  }

  /** Where the prediction for a query came from. */
  async explain(query: NamedPicture, { classes = 2, truth }: ExplainOptions = {}): Promise<QueryExplanation> {
    const { model } = this.#options
    const names = this.#options.classes.map(({ name }) => name)
    const embedding = this.#embed([query], model.views)
    try {
      const { fused, levels } = await this.#scores(embedding)
      const ranked = names.map((_, label) => label).sort((a, b) => fused[b]! - fused[a]!)
      const explained = new Set(ranked.filter((label, rank) => rank < classes || names[label] === truth))
      const explainedLevels: ExplainedLevel[] = []
      for (const [index, { level, weight }] of model.metric.levels.entries()) {
        const { scores, probabilities } = levels[index]!
        const origins = await level.explain?.(this.#support, embedding, { training: false })
        const where = origins && this.#origins(query, origins)
        explainedLevels.push({
          name: level.name,
          weight,
          explains: where !== undefined,
          classes: names.map((name, label) => ({
            class: name,
            probability: probabilities[label]!,
            score: scores[label]!,
            lead: scores[label]! - meanWithout(scores, label),
            ...(where && explained.has(label) && { origin: where.of(label) }),
          })),
        })
      }
      return {
        query: query.name,
        predicted: names[ranked[0]!]!,
        ...(truth !== undefined && { truth }),
        probabilities: names.map((name, label) => ({ class: name, probability: fused[label]! })),
        levels: explainedLevels,
      }
    } finally {
      disposeEmbedding(embedding)
    }
  }

  dispose(): void {
    disposeEmbedding(this.#support)
    if (this.#support.unlabelled) disposeEmbedding(this.#support.unlabelled)
  }

  #origins(query: NamedPicture, explanations: readonly ScoreExplanation[]): LevelOrigins {
    const { model, transforms, classes, unlabelled = [] } = this.#options
    const seen = ({ name, picture }: NamedPicture): SeenPicture => ({
      name,
      size: { height: picture.height, width: picture.width },
    })
    return new LevelOrigins(explanations, {
      model,
      transforms,
      query: seen(query),
      supports: classes.flatMap(({ pictures }) => pictures.map(seen)),
      unlabelled: unlabelled.map(seen),
    })
  }

  /** The fused probabilities of the classes, and each level's scores and probabilities. */
  async #scores(query: Embedding) {
    const { metric } = this.#options.model
    const ways = this.#options.classes.length
    const table = tf.tidy(() => {
      const scores = metric.scores(this.#support, query, { training: false })
      const probabilities = metric.probabilities(scores)
      const rows = metric.levels.flatMap(({ level: { name } }) => [scores[name]!, probabilities[name]!])
      return tf.concat([metric.predict(scores), ...rows]) // [1 + 2 * levels, ways]
    })
    const values = (await table.data().finally(() => table.dispose())) as Float32Array
    requireFinite(values, 'the scores of the levels')
    const row = (index: number) => [...values.subarray(index * ways, (index + 1) * ways)]
    const total = metric.levels.reduce((sum, { weight }) => sum + weight, 0)
    return {
      fused: row(0).map((value) => value / total),
      levels: metric.levels.map((_, index) => ({
        scores: row(1 + 2 * index),
        probabilities: row(2 + 2 * index),
      })),
    }
  }

  #embed(pictures: readonly NamedPicture[], views: readonly ImageView[]): Embedding {
    return tf.tidy(() => {
      const chunks: Embedding[] = []
      for (let start = 0; start < pictures.length; start += picturesAtOnce) {
        const some = pictures.slice(start, start + picturesAtOnce).map(({ picture }) => picture)
        chunks.push(
          tf.tidy(() => ({
            ...this.#options.model.embed(this.#tensors(some, views), { training: false }),
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
    const { whole, parts, normalisation } = this.#options.transforms
    const render = (transform: ImageTransforms['whole']) =>
      renderViews(
        pictures,
        pictures.map((picture) => transform(picture)),
        { ...(normalisation && { normalisation }) },
      )
    return {
      count: pictures.length,
      ...(views.includes('whole') && { whole: render(whole) }),
      ...(views.includes('parts') && parts && { parts: render(parts) }),
    }
  }
}

function disposeEmbedding({ map, parts }: Embedding): void {
  tf.dispose([map, parts])
}

function meanWithout(values: readonly number[], label: number): number {
  if (values.length === 1) return 0
  const sum = values.reduce((total, value) => total + value, 0)
  return (sum - values[label]!) / (values.length - 1)
}
