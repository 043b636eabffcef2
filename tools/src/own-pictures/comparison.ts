import { randomKey } from '@m2l/engine'
import { interval95, pairedDifference, type Interval } from '@m2l/trainer'
import { shots, type Shots } from './draws.js'
import type { FolderResult, Side } from './measure.js'
import { familiarities } from './outcome.js'

/** A side on a folder with so many examples of a class. All are fractions of 1. */
export interface ComparedSide {
  readonly side: string
  readonly kind: Side['kind']
  readonly shots: Shots
  readonly accuracy: Interval
  /** Ours as chosen less this side, draw by draw; null for itself. */
  readonly chosenLessIt: (Interval & { readonly pPermutation: number }) | null
  /**
   * The mean over draws of the AUROC of known against strange pictures by each; null where it is not told.
   */
  readonly auroc: Readonly<Record<(typeof familiarities)[number], number | null>>
}

/**
 * Compares all sides of a folder with ours as chosen. Of the peer's logistic regressions on the same
 * features, the best of all costs `C` is a side of its own: the one that is the most accurate on average over
 * the draws, which nobody knows beforehand.
 */
export function comparedSides({ sides, folder }: FolderResult): ComparedSide[] {
  return shots.flatMap((shot) => {
    const some = withBestPeer(sides, shot)
    const chosen = accuracies(some[0]!, shot)
    return some.map((side): ComparedSide => {
      const own = accuracies(side, shot)
      const key = randomKey(1).fold(folder, side.name, shot)
      const { mean, halfWidth95, pPermutation } = pairedDifference(chosen, own, key)
      const aurocs = familiarities.map((by) => {
        const values = side.outcomes[shot].map(({ auroc }) => auroc[by])
        return [by, values.some((value) => value === null) ? null : average(values as number[])] as const
      })
      return {
        side: side.name,
        kind: side.kind,
        shots: shot,
        accuracy: interval95(own),
        chosenLessIt: side.kind === 'chosen' ? null : { mean, halfWidth95, pPermutation },
        auroc: Object.fromEntries(aurocs) as ComparedSide['auroc'],
      }
    })
  })
}

/** Ours as chosen less a side, on average over folders; intervals are those of independent folders. */
export interface OverallDifference extends Interval {
  readonly side: string
  readonly shots: Shots
}

/** The differences of the sides that all folders have, the peer's best costs among them. */
export function overallDifferences(folders: readonly (readonly ComparedSide[])[]): OverallDifference[] {
  const named = ({ side }: ComparedSide) => side.replace(/, best C \(.*?\)/, ', best C')
  const [first = []] = folders
  return first.flatMap((one) => {
    const same = folders.map((sides) =>
      sides.find((other) => named(other) === named(one) && other.shots === one.shots),
    )
    const differences = same.flatMap((other) => other?.chosenLessIt ?? [])
    if (differences.length < folders.length) return []
    return [
      {
        side: named(one),
        shots: one.shots,
        mean: average(differences.map(({ mean }) => mean)),
        halfWidth95: Math.hypot(...differences.map(({ halfWidth95 }) => halfWidth95)) / differences.length,
      },
    ]
  })
}

/** Sides with the peer's best costs after those that they are the best of. */
function withBestPeer(sides: readonly Side[], shot: Shots): Side[] {
  const families = new Map<string, Side[]>()
  for (const side of sides) {
    const family = side.kind === 'peer' && /, C=[\d.]+/.test(side.name) && side.name.replace(/, C=[\d.]+/, '')
    if (family) families.set(family, [...(families.get(family) ?? []), side])
  }
  const best = [...families].map(([family, some]): Side => {
    const [top] = some.toSorted((a, b) => average(accuracies(b, shot)) - average(accuracies(a, shot)))
    const cost = /, C=([\d.]+)/.exec(top!.name)![1]!
    const name = family.replace('logistic regression', `logistic regression, best C (${cost})`)
    return { ...top!, name }
  })
  return [...sides, ...best]
}

function accuracies({ outcomes }: Side, shot: Shots): number[] {
  return outcomes[shot].map(({ accuracy }) => accuracy)
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
