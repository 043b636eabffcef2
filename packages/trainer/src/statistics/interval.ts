import jstat from 'jstat'

/** A mean and how far the truth may lie from it. */
export interface Interval {
  readonly mean: number
  /** Half the width of the two-sided 95 % confidence interval; 0 for a single value. */
  readonly halfWidth95: number
}

/**
 * The mean of values and its 95 % interval by Student's t with the standard error of the mean.
 *
 * @throws {RangeError} when there is none, or one is not finite
 */
export function interval95(values: ArrayLike<number>): Interval {
  const count = values.length
  if (count === 0) throw new RangeError('an interval needs at least one value')
  let sum = 0
  for (let index = 0; index < count; index++) sum += values[index]!
  const mean = sum / count
  if (!Number.isFinite(mean)) throw new RangeError('an interval needs finite values')
  if (count === 1) return { mean, halfWidth95: 0 }
  let squares = 0
  for (let index = 0; index < count; index++) squares += (values[index]! - mean) ** 2
  const standardError = Math.sqrt(squares / (count - 1) / count)
  return { mean, halfWidth95: jstat.jStat.studentt.inv(0.975, count - 1) * standardError }
}
