import { mean } from './temperature.js'

/** What is worse by more standard errors than this is so not by chance. */
const mostStandardErrors = 2

/** Whether losses are higher than others of the same examples by more than chance explains. */
export function isClearlyWorse(losses: readonly number[], others: readonly number[]): boolean {
  const count = losses.length
  if (count < 2) return false
  const differences = losses.map((loss, index) => loss - others[index]!)
  const centre = mean(differences)
  const squares = differences.reduce((sum, difference) => sum + (difference - centre) ** 2, 0)
  return centre > mostStandardErrors * Math.sqrt(squares / (count - 1) / count)
}
