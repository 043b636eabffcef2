import { requireFinite, tf } from '@m2l/engine'
import type { Embedding, LevelFusion, Support } from '@m2l/metric'
import type { ExplainedLevel, QueryExplanation } from './explanation.js'
import { PooledSight } from './pooled-sight.js'
import { PositionSight } from './position-sight.js'
import type { ExplainerOptions, NamedPicture, Sight } from './sight.js'

/** What of a query is explained. */
export interface ExplainOptions {
  /** For how many of the likeliest classes it is told where scores came from; 2 if not given. */
  readonly classes?: number
  /** The name of the class that the query is of, where that is known; its scores are explained, too. */
  readonly truth?: string
}

/**
 * Explains predictions for queries by the same support: embeds it once, at the first, and holds it until it
 * is disposed.
 */
export class QueryExplainer {
  readonly #options: ExplainerOptions
  #opening: Promise<Sight> | undefined
  #sight: Sight | undefined

  constructor(options: ExplainerOptions) {
    this.#options = options
  }

  /**
   * Where the prediction for a query came from.
   *
   * @throws {TypeError} when the model is a network of another runtime and its levels compare positions
   */
  async explain(query: NamedPicture, { classes = 2, truth }: ExplainOptions = {}): Promise<QueryExplanation> {
    this.#opening ??= sightOf(this.#options)
    const sight = (this.#sight = await this.#opening)
    const names = this.#options.classes.map(({ name }) => name)
    const seen = await sight.see(query)
    try {
      const { fused, levels } = await this.#scores(sight.support, seen.embedding)
      const ranked = names.map((_, label) => label).sort((a, b) => fused[b]! - fused[a]!)
      const explained = ranked.filter((label, rank) => rank < classes || names[label] === truth)
      const explainedLevels: ExplainedLevel[] = []
      for (const [index, { level, weight }] of this.#metric.levels.entries()) {
        const { scores, probabilities } = levels[index]!
        const origins = await seen.origins(level, explained)
        explainedLevels.push({
          name: level.name,
          weight,
          explains: origins !== undefined,
          classes: names.map((name, label) => ({
            class: name,
            probability: probabilities[label]!,
            score: scores[label]!,
            lead: scores[label]! - meanWithout(scores, label),
            ...(origins?.has(label) && { origin: origins.get(label)! }),
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
      seen.dispose()
    }
  }

  dispose(): void {
    this.#sight?.dispose()
  }

  get #metric(): LevelFusion {
    return this.#options.metric ?? this.#options.model.metric
  }

  /** The fused probabilities of the classes, and each level's scores and probabilities. */
  async #scores(support: Support, query: Embedding) {
    const metric = this.#metric
    const ways = this.#options.classes.length
    const table = tf.tidy(() => {
      const scores = metric.scores(support, query, { training: false })
      const probabilities = metric.probabilities(scores)
      const rows = metric.levels.flatMap(({ level: { name } }) => [scores[name]!, probabilities[name]!])
      return tf.concat([metric.fusedProbabilities(scores), ...rows]) // [1 + 2 * levels, ways]
    })
    const values = (await table.data().finally(() => table.dispose())) as Float32Array
    requireFinite(values, 'the scores of the levels')
    const row = (index: number) => [...values.subarray(index * ways, (index + 1) * ways)]
    return {
      fused: row(0),
      levels: metric.levels.map((_, index) => ({
        scores: row(1 + 2 * index),
        probabilities: row(2 + 2 * index),
      })),
    }
  }
}

async function sightOf(options: ExplainerOptions): Promise<Sight> {
  const { model } = options
  if (model.encoding.map === 'pooled') return PooledSight.of(options, model.encoding)
  if ('network' in model) throw new TypeError('positions of a network of another runtime are not explained')
  return new PositionSight(model, options)
}

function meanWithout(values: readonly number[], label: number): number {
  if (values.length === 1) return 0
  const sum = values.reduce((total, value) => total + value, 0)
  return (sum - values[label]!) / (values.length - 1)
}
