/**
 * What rows of scores are divided by so that their softmax says best which column is right, and how well that
 * is said.
 */
export interface FittedTemperature {
  readonly temperature: number
  /** The cross entropy of each row, in nats. */
  readonly losses: readonly number[]
}

/**
 * How many times scores are magnified, in units of their own spread: from a tenth to a thousand times, ten a
 * decade.
 */
const magnifications = Array.from({ length: 41 }, (_, index) => 10 ** (-1 + index / 10))

/**
 * Chooses a temperature by the mean cross entropy (Guo et al., "On Calibration of Modern Neural Networks",
 * ICML 2017, section 4.2). Truths count a little less than wholly, one row in N + 2 as of any other column
 * (Platt, "Probabilistic Outputs for Support Vector Machines", 1999, section 2.2): where the few rows are all
 * right, nothing is sure for that.
 *
 * @param scores [rows, columns], row by row
 * @param truths the right column of each row
 */
export function fitTemperature(scores: Float32Array, truths: readonly number[]): FittedTemperature {
  const columns = scores.length / truths.length
  const rows = truths.map((_, row) => Array.from(scores.subarray(row * columns, (row + 1) * columns)))
  const doubt = 1 / (truths.length + 2)
  const spread = spreadOf(rows)
  const fits = magnifications.map((magnification) => {
    const factor = magnification / spread
    const logs = rows.map((row) => logProbabilities(row, factor))
    const losses = logs.map((row, index) => -row[truths[index]!]!)
    const ofOthers = logs.map((row, index) => {
      const others = row.filter((_, column) => column !== truths[index])
      return others.length === 0 ? 0 : -mean(others)
    })
    return { temperature: 1 / factor, losses, criterion: (1 - doubt) * mean(losses) + doubt * mean(ofOthers) }
  })
  const { temperature, losses } = fits.reduce((best, fit) => (fit.criterion < best.criterion ? fit : best))
  return { temperature, losses }
}

/**
 * How far scores lie from the mean of their row, as the root of the mean square; 1 where all are the same.
 */
function spreadOf(rows: readonly (readonly number[])[]): number {
  const squares = rows.flatMap((row) => {
    const centre = mean(row)
    return row.map((score) => (score - centre) ** 2)
  })
  return Math.sqrt(mean(squares)) || 1
}

function logProbabilities(row: readonly number[], factor: number): number[] {
  const highest = Math.max(...row)
  const total = row.reduce((sum, score) => sum + Math.exp(factor * (score - highest)), 0)
  return row.map((score) => factor * (score - highest) - Math.log(total))
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
