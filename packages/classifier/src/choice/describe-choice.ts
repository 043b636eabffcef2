import type { Candidate } from '../candidate.js'
import type { Choice } from './choose.js'
import type { FittedHead } from './fit-heads.js'
import { reasonOf } from './reason-of-choice.js'

/** What a classifier chose by its examples: plain data, as JSON holds it. */
export interface ClassifierChoice {
  /** The weights; null where a program has made the model. */
  readonly weights: string | null
  /** Whether pictures are seen as a whole, once, or with crops of their corners, in five passes. */
  readonly views: 'whole' | 'crops'
  /** What told the weights apart; null where there was no choice. */
  readonly by: 'examples by the others' | 'crops by the examples' | null
  /**
   * Every candidate with its cross entropy in nats and its accuracy, a fraction of 1; null where it cannot
   * see the examples.
   */
  readonly tried: readonly {
    readonly weights: string | null
    readonly views: 'whole' | 'crops'
    readonly crossEntropy: number | null
    readonly accuracy: number | null
  }[]
  /** The heads that speak, each with its features; none where the levels are as they were trained. */
  readonly heads: readonly FittedHead[]
  /** Heads that the examples show to be worse. */
  readonly dropped: readonly FittedHead[]
  /** All of it in one line: in plain words, then what experts call it. */
  readonly reason: string
}

export function describeChoice(
  { candidate, metric, by, tried, heads }: Choice,
  candidates: readonly Pick<Candidate, 'origin' | 'called' | 'views'>[],
): ClassifierChoice {
  const nameOf = (index: number) => {
    const { origin, views } = candidates[index]!
    return { weights: origin.weights ?? null, views: views ?? ('whole' as const) }
  }
  const choice = {
    ...nameOf(candidate),
    by: by ?? null,
    tried: tried.map(({ candidate: index, ...trial }) => ({ ...nameOf(index), ...trial })),
    heads: heads?.used ?? [],
    dropped: heads?.dropped ?? [],
  }
  const levels = metric.levels.map(({ level }) => level.name)
  return { ...choice, reason: reasonOf(choice, levels, candidates[candidate]!.called) }
}
