import type { Confusion } from '@m2l/report'
import type { Episode } from '@m2l/samplers'
import { interval95, type Evaluation, type Interval } from '@m2l/trainer'

/** What became of the queries of a class. */
export interface ClassResult {
  readonly name: string
  /** In how many episodes the class occurs. */
  readonly episodes: number
  /** The accuracy of its queries over these. */
  readonly accuracy: Interval
}

/** The accuracy of each class that occurs in some episodes, and which classes the fusion confuses. */
export function classResults(
  { predictions }: Pick<Evaluation, 'predictions'>,
  episodes: readonly Episode[],
  names: readonly string[],
): { readonly perClass: readonly ClassResult[]; readonly confusion: Confusion } {
  const counts = names.map(() => new Array<number>(names.length).fill(0))
  const accuracies = names.map((): number[] => [])
  for (const [position, { classes, query }] of episodes.entries()) {
    const predicted = predictions.fused[position]!
    let next = 0
    for (const [way, { length }] of query.entries()) {
      const actual = classes[way]!
      const ways = predicted.slice(next, (next += length))
      for (const chosen of ways) counts[actual]![classes[chosen]!]!++
      accuracies[actual]!.push(ways.filter((chosen) => chosen === way).length / length)
    }
  }
  const present = names.flatMap((_, index) => (accuracies[index]!.length > 0 ? [index] : []))
  return {
    perClass: present.map((index) => ({
      name: names[index]!,
      episodes: accuracies[index]!.length,
      accuracy: interval95(accuracies[index]!),
    })),
    confusion: {
      classes: present.map((index) => names[index]!),
      counts: present.map((row) => present.map((column) => counts[row]![column]!)),
    },
  }
}
