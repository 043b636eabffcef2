import type { Difference } from './agreement.js'

/** How far a tensor may be from what is expected of it. */
export interface Tolerance {
  /** As the table shows it. */
  readonly text: string
  accepts(difference: Difference): boolean
}

/** The largest absolute difference as a share of the largest absolute value expected. */
export function relativeTolerance(rtol: number): Tolerance {
  return { text: `${rtol} relative`, accepts: ({ maxRel }) => maxRel <= rtol }
}

/** The mean and the largest absolute difference of 8-bit levels. */
export function levelTolerance(mean: number, largest: number): Tolerance {
  return {
    text: `${mean} mean, ${largest} largest`,
    accepts: ({ meanAbs, maxAbs }) => meanAbs <= mean && maxAbs <= largest,
  }
}
