import type { ClassCount, NearEmptyClass, SplitBalance } from './dataset-check.js'
import { grouped } from './grouped.js'

/** A class with less than this share of the median class of its split is near-empty. */
const leastShare = 0.1

/** How evenly pictures are spread over the classes of each split. */
export function balanceOf(classes: readonly ClassCount[]): SplitBalance[] {
  return [...grouped(classes, ({ split }) => split)].map(([split, ofSplit]) => {
    const counts = ofSplit.map(({ images }) => images).toSorted((a, b) => a - b)
    const [fewest, most] = [counts[0]!, counts.at(-1)!]
    return {
      split,
      classes: counts.length,
      images: counts.reduce((sum, count) => sum + count, 0),
      fewest,
      median: medianOf(counts),
      most,
      imbalance: fewest === 0 ? null : most / fewest,
    }
  })
}

/** Classes with fewer than `fewest` pictures, or far fewer than the others of their split. */
export function nearEmptyClasses(classes: readonly ClassCount[], fewest: number): NearEmptyClass[] {
  const medians = new Map(balanceOf(classes).map(({ split, median }) => [split, median]))
  return classes.flatMap((one) => {
    const expected = Math.max(fewest, Math.ceil(leastShare * medians.get(one.split)!))
    return one.images < expected ? [{ ...one, expected }] : []
  })
}

/** The middle of sorted numbers. */
export function medianOf(sorted: ArrayLike<number>): number {
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
