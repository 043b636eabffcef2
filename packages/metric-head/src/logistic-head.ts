import { solveSpd, tf } from '@m2l/engine'
import { absentClasses, leftOutLogits, wholeSupport, type Folds } from './folds.js'
import { oneHotLabels, type LinearHead } from './linear-head.js'

/** Options of the logistic head. */
export interface LogisticOptions {
  /** How much the examples count against small weights, as in scikit-learn; 1 if not given. */
  readonly C?: number
}

/**
 * Multinomial logistic regression of unit features as scikit-learn has it: 1/2 |W|² + C times the sum of
 * cross entropies is least, the bias being free (Tian et al., "Rethinking Few-Shot Image Classification: a
 * Good Embedding Is All You Need?", ECCV 2020, section 3.2, as released). The problem is convex and has one
 * solution. Scores are its logits.
 *
 * For evaluation alone: no gradient is to follow the many steps of the solution.
 */
export function logisticHead({ C = 1 }: LogisticOptions = {}): LinearHead {
  return {
    name: 'logistic',
    features: 'unit',
    state: {},
    trainable: false,
    solve: ({ gram, shots, drawnShots }) => {
      const { coefficients, bias } = fit(gram, shots, wholeSupport(shots, drawnShots), C)
      return { coefficients: coefficients.squeeze([1]), bias: bias.squeeze<tf.Tensor2D>([0]) }
    },
    leaveOneOut: ({ gram, shots }, left) =>
      leftOutLogits(shots, left, (folds) => fit(gram, shots, folds, C).logits),
  }
}

type Fitted = {
  /** [images, folds, ways] */
  readonly coefficients: tf.Tensor3D
  /** [1, folds, ways] */
  readonly bias: tf.Tensor3D
  /** [images, folds, ways] */
  readonly logits: tf.Tensor3D
}

/**
 * Steps after which weights are right to 5e-4 of the largest at the least, and to 1e-5 where C is 1 to 10:
 * the condition of the problem grows with C N at most, and the steps with its root. Measured for 2 to 500
 * examples.
 */
function stepsFor(C: number, images: number): number {
  return Math.ceil(20 + 3 * Math.sqrt(C * images))
}

/**
 * Accelerated gradient steps (Nesterov, "A method of solving a convex programming problem with convergence
 * rate O(1/k²)", 1983), in the metric of the quadratic that bounds the objective from above: the Hessian of
 * softmax is at most 1/2 (Böhning, "Multinomial logistic regression algorithm", 1992). A fold whose step
 * leads uphill starts its momentum anew (O'Donoghue and Candès, "Adaptive restart for accelerated gradient
 * schemes", 2015, section 3.2).
 *
 * W = Xᵀ A for coefficients A, whose gradient is A - R with R = C (labels - probabilities). Steps keep the
 * sum of A over the examples at 0, which is where the bias is optimal.
 *
 * @param gram [images, images]
 */
function fit(gram: tf.Tensor2D, shots: readonly number[], folds: Folds, C: number): Fitted {
  const [images, ways, count] = [gram.shape[0], shots.length, folds.shots.length]
  return tf.tidy(() => {
    const labels = tf.expandDims(oneHotLabels(shots), 1) // [images, 1, ways]
    const force = tf.mul(C, tf.expandDims(tf.tensor2d(folds.weights as number[][]), 2)) // [images, folds, 1]
    const absent = absentClasses(folds)
    const step = stepMatrix(gram, C) // [images + 1, images]
    const withBias = tf.concat([gram, tf.ones([images, 1])], 1) // [images, images + 1]
    const times = (matrix: tf.Tensor, x: tf.Tensor) =>
      tf.matMul(matrix, x.reshape([x.shape[0]!, -1])).reshape([-1, count, ways]) as tf.Tensor3D

    const advance = ({ reached, reachedLogits, start, startLogits, age }: Iterate): Iterate =>
      tf.tidy(() => {
        const probabilities = tf.softmax(absent ? tf.add(startLogits, absent) : startLogits)
        const gradient = tf.sub(
          tf.slice(start, [0, 0, 0], [images, count, ways]),
          tf.mul(force, tf.sub(labels, probabilities)),
        )
        const next = tf.sub(start, times(step, gradient))
        const logits = times(withBias, next)
        const uphill = tf.step(tf.sum(tf.mul(gradient, tf.sub(logits, reachedLogits)), [0, 2], true))
        const older = tf.add(tf.mul(age, tf.sub(1, uphill)), 1)
        const momentum = tf.div(tf.sub(older, 1), tf.add(older, 2)) // [1, folds, 1]
        const ahead = (to: tf.Tensor, from: tf.Tensor) => tf.add(to, tf.mul(momentum, tf.sub(to, from)))
        return {
          reached: next,
          reachedLogits: logits,
          start: ahead(next, reached),
          startLogits: ahead(logits, reachedLogits),
          age: older,
        }
      })
    const zeros = (rows: number) => tf.zeros([rows, count, ways])
    let iterate: Iterate = {
      reached: zeros(images + 1),
      reachedLogits: zeros(images),
      start: zeros(images + 1),
      startLogits: zeros(images),
      age: tf.ones([1, count, 1]),
    }
    for (let index = stepsFor(C, images); index > 0; index--) {
      const next = advance(iterate)
      tf.dispose({ ...iterate })
      iterate = next
    }
    return {
      coefficients: tf.slice(iterate.reached, [0, 0, 0], [images, count, ways]),
      bias: tf.slice(iterate.reached, [images, 0, 0], [1, count, ways]),
      logits: iterate.reachedLogits,
    } as Fitted
  })
}

/** Where a step has led, and where the next one starts: coefficients with the bias below them, and logits. */
type Iterate = {
  /** [images + 1, folds, ways] */
  readonly reached: tf.Tensor
  /** [images, folds, ways] */
  readonly reachedLogits: tf.Tensor
  readonly start: tf.Tensor
  readonly startLogits: tf.Tensor
  /** How long the momentum has been growing, [1, folds, 1]. */
  readonly age: tf.Tensor
}

/**
 * What a gradient G of coefficients is multiplied by to make a step of them and, in the last row, of the
 * bias. With M = (I + C/2 K)⁻¹ that is M G without what would change the sum over the examples, and for the
 * bias 2/C times the mean of G by the weights M 1.
 *
 * @returns [images + 1, images]
 */
function stepMatrix(gram: tf.Tensor2D, C: number): tf.Tensor2D {
  const unit = tf.eye(gram.shape[0])
  const system = tf.expandDims(tf.add(unit, tf.mul(C / 2, gram))) as tf.Tensor3D
  const inverse = solveSpd(system, tf.expandDims(unit) as tf.Tensor3D).squeeze([0])
  const sums = tf.sum(inverse, 0, true) // [1, images]
  const share = tf.div(sums, tf.sum(sums))
  return tf.concat([tf.sub(inverse, tf.mul(tf.transpose(sums), share)), tf.mul(2 / C, share)]) as tf.Tensor2D
}
