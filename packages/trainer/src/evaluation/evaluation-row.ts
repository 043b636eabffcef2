import { tf } from '@m2l/engine'

/** What is measured of an episode, as tensors. */
export interface MeasuredEpisode {
  readonly loss: tf.Scalar
  /** For each level whether its scores are finite. */
  readonly finite: readonly tf.Scalar[]
  /** The fusion's prediction, then each level's. */
  readonly predictions: readonly PredictedWays[]
}

interface PredictedWays {
  /** [queries, ways] */
  readonly scores: tf.Tensor2D
  /** [queries, ways] */
  readonly probabilities: tf.Tensor2D
}

/**
 * What is measured of an episode as one row of numbers, so that many episodes are read back at once.
 *
 * @returns [1 + levels + 2 * queries * (1 + levels)]: the loss, for each level 1 where its scores are finite,
 *   then for the fusion and for each level the ways that are predicted for the queries and their
 *   probabilities
 */
export function packRow({ loss, finite, predictions }: MeasuredEpisode): tf.Tensor1D {
  return tf.tidy(() =>
    tf.concat([
      loss.reshape([1]),
      tf.cast(tf.concat(finite.map((flag) => flag.reshape([1]))), 'float32'),
      ...predictions.flatMap(({ scores, probabilities }) => [
        tf.cast(tf.argMax(scores, 1), 'float32'),
        tf.max(probabilities, 1),
      ]),
    ]),
  ) as tf.Tensor1D
}

/** A row as it is read back. */
export interface EvaluationRow {
  readonly loss: number
  /** For each level whether its scores are finite. */
  readonly finite: readonly boolean[]
  /** The fusion's prediction, then each level's. */
  readonly predictions: readonly Prediction[]
}

export interface Prediction {
  /** The way that is predicted for each query, counted from 0. */
  readonly ways: number[]
  /** The probability of each of these ways. */
  readonly confidences: number[]
}

/** Takes rows apart that lie one after the other. */
export class RowReader {
  readonly #values: Float32Array
  readonly #levels: number
  #offset = 0

  /** @param values the numbers of the rows */
  constructor(values: Float32Array, levels: number) {
    this.#values = values
    this.#levels = levels
  }

  /** The next row, which is of an episode of this many queries. */
  next(queries: number): EvaluationRow {
    const [loss] = this.#take(1)
    const finite = this.#take(this.#levels).map((flag) => flag === 1)
    const predictions = Array.from({ length: 1 + this.#levels }, () => ({
      ways: this.#take(queries),
      confidences: this.#take(queries),
    }))
    return { loss: loss!, finite, predictions }
  }

  #take(count: number): number[] {
    const start = this.#offset
    this.#offset += count
    return [...this.#values.subarray(start, this.#offset)]
  }
}
