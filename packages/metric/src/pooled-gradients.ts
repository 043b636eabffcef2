import { graphFunction, tf, type GraphFunction } from '@m2l/engine'
import { requireField, requireFieldOfOne, type Embedding, type Support } from './embedding.js'
import { rowsOfClasses } from './explanation.js'
import type { MetricLevel } from './level.js'
import { readBack } from './read-back.js'

/** A number and how it changes with the features that a level compares: its derivatives. */
export interface FeatureGradient {
  readonly value: number
  /** [channels], by the query's feature. */
  readonly query: Float32Array
  /** For each of the class's images [channels], by its feature. */
  readonly support: readonly Float32Array[]
}

/**
 * How a class's score of one query changes with features, and its lead over the mean of the other classes'
 * scores.
 */
export interface ScoreGradients {
  readonly score: FeatureGradient
  readonly lead: FeatureGradient
}

type Compared = Readonly<Record<'query' | 'support' | 'shares', tf.Tensor>>
type Derived = Readonly<Record<'value' | 'query' | 'support', tf.Tensor>>

/**
 * The derivatives of a level's scores by pooled features, maps of one position: what explains any level that
 * compares such, whatever it makes of them. They run as a graph, which is recorded at the first query.
 */
export class PooledGradients {
  readonly #level: MetricLevel
  readonly #support: Support
  readonly #derive: GraphFunction<Compared, Derived>

  /** @param support of one position an image; it stays the caller's and is there as long as this is */
  constructor(level: MetricLevel, support: Support) {
    this.#level = level
    this.#support = support
    const { shots, drawnShots } = support
    this.#derive = graphFunction<Compared, Derived>(
      ({ query, support: images, shares }) => {
        const weighed = (own: tf.Tensor, examples: tf.Tensor) => {
          const known = {
            map: examples as tf.Tensor4D,
            shots,
            ...(drawnShots !== undefined && { drawnShots }),
          }
          const scores = level.scores(known, { map: own as tf.Tensor4D }, { training: false })
          return tf.sum(tf.mul(scores, shares)) as tf.Scalar
        }
        const { value, grads } = tf.valueAndGrads((own, examples) => weighed(own!, examples!))([
          query,
          images,
        ])
        return { value, query: grads[0]!, support: grads[1]! }
      },
      { name: `gradients of ${level.name}`, precision: 'f32', onEager: () => {} },
    )
  }

  /**
   * @param query of one image and one position
   * @param labels of the classes that are asked for
   * @returns for each of these
   */
  async of(query: Embedding, labels: readonly number[]): Promise<ScoreGradients[]> {
    const own = requireFieldOfOne(query, 'map', this.#level.name)
    const images = requireField(this.#support, 'map', this.#level.name)
    const ways = this.#support.shots.length
    const rowsOfShares = [
      ...labels.map((label) => Array.from({ length: ways }, (_, way) => (way === label ? 1 : 0))),
      Array.from({ length: ways }, () => 1),
    ]
    const read = await readBack(() =>
      rowsOfShares.flatMap((shares) => {
        const derived = this.#derive({ query: own, support: images, shares: tf.tensor2d([shares]) })
        return [derived.value, derived.query, derived.support]
      }),
    )
    const total = read.slice(-3)
    return labels.map((label, index) => {
      const score = read.slice(3 * index, 3 * index + 3)
      const lead = score.map((values, which) =>
        values.map((value, at) => (ways === 1 ? value : value + (value - total[which]![at]!) / (ways - 1))),
      )
      return { score: this.#gradientOf(score, label), lead: this.#gradientOf(lead, label) }
    })
  }

  dispose(): void {
    this.#derive.dispose()
  }

  #gradientOf([value, query, images]: readonly Float32Array[], label: number): FeatureGradient {
    const channels = query!.length
    return {
      value: value![0]!,
      query: query!,
      support: rowsOfClasses(this.#support.shots)[label]!.map((row) =>
        images!.subarray(row * channels, (row + 1) * channels),
      ),
    }
  }
}
