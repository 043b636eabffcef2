/** What rows of scores are divided by so that their softmax says best which column is right, and how well that is said. */
export interface FittedTemperature {
  readonly temperature: number
  /** The cross entropy of each row, in nats. */
  readonly losses: readonly number[]
}

/** Temperatures from 1000 times to a tenth of what is usual, ten a decade: least losses lie flat. */
const factors = Array.from({ length: 41 }, (_, index) => 10 ** (-1 + index / 10))

/**
 * Chooses a temperature by the mean cross entropy (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2).
 *
 * @param scores [rows, columns], row by row
 * @param truths the right column of each row
 */
export function fitTemperature(scores: Float32Array, truths: readonly number[]): FittedTemperature {
  const columns = scores.length / truths.length
  const rows = truths.map((_, row) => Array.from(scores.subarray(row * columns, (row + 1) * columns)))
  const fits = factors.map((factor) => ({
    temperature: 1 / factor,
    losses: rows.map((row, index) => crossEntropyOf(row, truths[index]!, factor)),
  }))
  return fits.reduce((best, fit) => (mean(fit.losses) < mean(best.losses) ? fit : best))
}

function crossEntropyOf(row: readonly number[], truth: number, factor: number): number {
  const highest = Math.max(...row)
  const total = row.reduce((sum, score) => sum + Math.exp(factor * (score - highest)), 0)
  return Math.log(total) - factor * (row[truth]! - highest)
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
