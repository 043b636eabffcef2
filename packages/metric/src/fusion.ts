import { InputError, span, tf } from '@m2l/engine'
import { mergeStates, prefixed, type ForwardContext, type StateDict } from '@m2l/nn'
import type { Embedding, EmbeddingField, Support } from './embedding.js'
import type { MetricLevel } from './level.js'

/** A level with its part in the loss and in the prediction. */
export interface WeightedLevel {
  readonly level: MetricLevel
  /** Factor of its cross entropy in the loss and of its probabilities in the prediction. */
  readonly weight: number
  /**
   * Its scores are divided by this before the softmax of the loss; in the prediction, see {@link FusionMode}.
   */
  readonly temperature: number
}

/**
 * How the prediction is made of the levels' scores.
 *
 * `released`: the weighted sum of their probabilities, without the temperatures, as the published program
 * does it, although its loss has them. `consistent`: the same with temperatures, as in the loss. `product`:
 * with temperatures, the weighted geometric mean of their probabilities, made to sum to 1 again (logarithmic
 * pooling; Genest and Zidek, "Combining Probability Distributions", Statistical Science 1986, section 3): a
 * class that one level rules out is not saved by another.
 */
export type FusionMode = 'released' | 'consistent' | 'product'

/** The modes by name. */
export const fusionModes = ['released', 'consistent', 'product'] as const satisfies readonly FusionMode[]

/** The scores of each level under its name, [queries, ways]. */
export type LevelScores = Readonly<Record<string, tf.Tensor2D>>

/**
 * Several levels as one metric (Chen et al., "Multi-level Metric Learning for Few-shot Image Recognition",
 * ICANN 2022, section 3.4): the loss is the weighted sum of the levels' cross entropies, the prediction the
 * weighted sum of their softmax probabilities.
 */
export class LevelFusion {
  readonly levels: readonly WeightedLevel[]
  readonly mode: FusionMode

  /** @throws {InputError} when a weight or temperature is no number to weigh or divide by */
  constructor(levels: readonly WeightedLevel[], mode: FusionMode = 'released') {
    for (const { level, weight, temperature } of levels) {
      requireNumber(weight >= 0, `level ${level.name}: its weight is ${weight}`, 'a finite number from 0 on')
      requireNumber(isUsual(temperature), `level ${level.name}: its temperature is ${temperature}`, usual)
    }
    const total = levels.reduce((sum, { weight }) => sum + weight, 0)
    requireNumber(
      isUsual(total),
      `the weights of ${levels.map(({ level }) => level.name).join(', ') || 'no level'} sum to ${total}`,
      usual,
    )
    this.levels = levels
    this.mode = mode
  }

  /** What the levels need of an embedding, together. */
  get needs(): readonly EmbeddingField[] {
    return [...new Set(this.levels.flatMap(({ level }) => level.needs))]
  }

  /** What the levels need of unlabelled images, together; nothing where no level looks at them. */
  get needsOfUnlabelled(): readonly EmbeddingField[] {
    return [...new Set(this.levels.flatMap(({ level }) => level.needsOfUnlabelled ?? []))]
  }

  /** The levels' weights, each under its level's name. */
  get state(): StateDict {
    return mergeStates(...this.levels.map(({ level }) => prefixed(level.name, level.state)))
  }

  /**
   * Looks whether every level can be used as it is, see `MetricLevel.requireReady`.
   *
   * @throws {InputError} when one cannot
   */
  requireReady(): void {
    for (const { level } of this.levels) level.requireReady?.()
  }

  /**
   * Looks whether a backbone can be trained by a loss of every level's scores.
   *
   * @throws {InputError} when a level that counts in the loss is for evaluation alone
   */
  requireTrainable(): void {
    const solved = this.levels.filter(({ level, weight }) => level.trainable === false && weight > 0)
    if (solved.length === 0) return
    const names = solved.map(({ level }) => level.name).join(', ')
    throw new InputError(
      `level ${names} is for evaluation alone: no gradient follows the steps of its solution; pretrain and evaluate with it, or train by a level that gradients pass, for example ridge or nearest-mean`,
    )
  }

  /** The scores of every level. */
  scores(support: Support, query: Embedding, context: ForwardContext): LevelScores {
    return Object.fromEntries(
      this.levels.map(({ level }) => {
        const levelContext = context.key ? { ...context, key: context.key.fold(level.name) } : context
        return [level.name, span(`level ${level.name}`, () => level.scores(support, query, levelContext))]
      }),
    )
  }

  /**
   * The training loss.
   *
   * @param labels [queries], int32, the class of each query
   * @returns a scalar
   */
  loss(scores: LevelScores, labels: tf.Tensor1D): tf.Scalar {
    return tf.tidy(() =>
      tf.addN(
        this.levels.map(({ level, weight, temperature }) =>
          tf.mul(crossEntropy(tf.div(scores[level.name]!, temperature), labels), weight),
        ),
      ),
    ) as tf.Scalar
  }

  /**
   * The probabilities that each level gives to the classes, as they enter the prediction: [queries, ways]
   * each.
   */
  probabilities(scores: LevelScores): LevelScores {
    return Object.fromEntries(
      this.levels.map(({ level: { name }, temperature }) => [
        name,
        tf.tidy(() => {
          const scaled = this.mode === 'released' ? scores[name]! : tf.div(scores[name]!, temperature)
          return tf.softmax(scaled as tf.Tensor2D)
        }),
      ]),
    )
  }

  /**
   * The fused prediction.
   *
   * @returns [queries, ways], the weighted sum of the levels' probabilities; a row sums to the sum of the
   *   weights.
   */
  predict(scores: LevelScores): tf.Tensor2D {
    return tf.tidy(() => {
      if (this.mode === 'product') return this.#product(scores)
      const probabilities = this.probabilities(scores)
      return tf.addN(this.levels.map(({ level, weight }) => tf.mul(probabilities[level.name]!, weight)))
    }) as tf.Tensor2D
  }

  /**
   * The probabilities that the levels together give to the classes.
   *
   * @returns [queries, ways], the fused prediction divided by the sum of the weights
   */
  fusedProbabilities(scores: LevelScores): tf.Tensor2D {
    return tf.tidy(() => tf.div(this.predict(scores), this.#total))
  }

  /** The sum of the weights. */
  get #total(): number {
    return this.levels.reduce((sum, { weight }) => sum + weight, 0)
  }

  #product(scores: LevelScores): tf.Tensor2D {
    const total = this.#total
    const logs = this.levels.map(({ level: { name }, weight, temperature }) =>
      tf.mul(tf.logSoftmax(tf.div(scores[name]!, temperature)), weight / total),
    )
    return tf.mul(tf.softmax(tf.addN(logs) as tf.Tensor2D), total) as tf.Tensor2D
  }
}

const usual = 'a number from 1e-30 to 1e+30'

/**
 * Whether products and quotients with it stay within single precision; beyond it all classes would score
 * alike.
 */
function isUsual(number: number): boolean {
  return number >= 1e-30 && number <= 1e30
}

function requireNumber(isRight: boolean, found: string, expected: string): void {
  if (!isRight) throw new InputError(`${found}; expected ${expected}`)
}

/**
 * The mean negative log likelihood of the labels.
 *
 * @param logits [n, classes]
 * @param labels [n], int32
 * @returns a scalar
 */
export function crossEntropy(logits: tf.Tensor, labels: tf.Tensor1D): tf.Scalar {
  return tf.tidy(() => {
    const chosen = tf.oneHot(labels, logits.shape.at(-1)!, 1, 0, 'float32')
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), chosen), -1)))
  }) as tf.Scalar
}
