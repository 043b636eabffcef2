import type { RandomKey } from '@m2l/engine'
import jstat from 'jstat'
import { interval95, type Interval } from './interval.js'

/** How two lists of values differ, item by item, and whether chance alone explains it. */
export interface PairedDifference extends Interval {
  /**
   * The two-sided p-value of the permutation test that swaps the values of each pair at random: the share of
   * permutations, the actual one included, whose mean difference is at least as far from 0.
   */
  readonly pPermutation: number
  /** The two-sided p-value of Student's paired t-test. */
  readonly pT: number
}

/** Sums closer than this share of their size are equal: they may differ by rounding. */
const tolerance = 1e-12

/**
 * The mean of `first[i] - second[i]` with its 95 % interval and p-values; 1 where no pair differs.
 *
 * The permutation test assumes only that under the null hypothesis either order of a pair is as likely (R.
 * Fisher, "The Design of Experiments", 1935, section 21; with the actual order counted, B. Phipson, G. Smyth,
 * "Permutation p-values should never be zero", 2010).
 *
 * @param key of the random permutations
 * @throws RangeError when the lists are empty or differ in length
 */
export function pairedDifference(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  key: RandomKey,
  permutations = 10_000,
): PairedDifference {
  if (first.length !== second.length) {
    throw new RangeError(`pairs need lists of one length, got ${first.length} and ${second.length}`)
  }
  const differences = Float64Array.from(
    { length: first.length },
    (_, index) => first[index]! - second[index]!,
  )
  const { mean, halfWidth95 } = interval95(differences)
  return {
    mean,
    halfWidth95,
    pPermutation: permutationTest(differences, key, permutations),
    pT: pairedT(differences, mean),
  }
}

function pairedT(differences: Float64Array, mean: number): number {
  const freedom = differences.length - 1
  const squares = differences.reduce((sum, difference) => sum + (difference - mean) ** 2, 0)
  if (mean === 0 || freedom === 0) return 1
  if (squares === 0) return 0
  const t2 = (mean ** 2 * differences.length * freedom) / squares
  // The tails of Student's t by the incomplete beta function, which stays exact where 1 - cdf(t) would be 0.
  return jstat.jStat.ibeta(freedom / (freedom + t2), freedom / 2, 0.5)
}

function permutationTest(differences: Float64Array, key: RandomKey, permutations: number): number {
  const random = key.generator()
  const sizes = [...countsOfSizes(differences)]
  const actual = Math.abs(differences.reduce((sum, difference) => sum + difference, 0))
  const total = sizes.reduce((sum, [size, count]) => sum + size * count, 0)
  let asFar = 1
  for (let permutation = 0; permutation < permutations; permutation++) {
    let sum = 0
    for (const [size, count] of sizes) sum += size * (2 * heads(count, random) - count)
    if (Math.abs(sum) >= actual - tolerance * total) asFar++
  }
  return asFar / (permutations + 1)
}

/**
 * Pairs that differ as much are swapped together, by their number: accuracies of episodes take few values.
 */
function countsOfSizes(differences: Float64Array): Map<number, number> {
  const counts = new Map<number, number>()
  for (const difference of differences) {
    const size = Math.abs(difference)
    if (size > 0) counts.set(size, (counts.get(size) ?? 0) + 1)
  }
  return counts
}

/** How many of `count` tossed coins show heads. */
function heads(count: number, random: { integer(limit: number): number }): number {
  let sum = 0
  for (let left = count; left > 0; left -= 32) {
    sum += bitsOf(random.integer(2 ** Math.min(left, 32)))
  }
  return sum
}

function bitsOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}
