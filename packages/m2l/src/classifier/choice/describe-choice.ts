import { count } from '@m2l/engine'
import type { Choice } from './choose.js'
import type { FittedHead } from './fit-heads.js'

/** What a classifier chose by its examples: plain data, as JSON holds it. */
export interface ClassifierChoice {
  /** The weights; null where a program has made the model. */
  readonly weights: string | null
  /** What told the weights apart; null where there was no choice. */
  readonly by: 'examples by the others' | 'crops by the examples' | null
  /** Every candidate with its cross entropy in nats and its accuracy, a fraction of 1; null where it cannot see the examples. */
  readonly tried: readonly {
    readonly weights: string | null
    readonly crossEntropy: number | null
    readonly accuracy: number | null
  }[]
  /** `levels` where the levels are as they were trained. */
  readonly head: 'levels' | 'nearest mean' | 'ridge'
  /** The features whose heads speak, and those that were dropped for being worse. */
  readonly features: readonly FittedHead[]
  readonly dropped: readonly FittedHead[]
  /** All of it in one line. */
  readonly reason: string
}

/** @param names the weights of each candidate */
export function describeChoice(
  { candidate, by, tried, heads }: Choice,
  names: readonly (string | null)[],
): ClassifierChoice {
  const weights = names[candidate]!
  const choice = {
    weights,
    by: by ?? null,
    tried: tried.map(({ candidate: index, ...trial }) => ({ weights: names[index]!, ...trial })),
    head: heads?.head ?? ('levels' as const),
    features: heads?.used ?? [],
    dropped: heads?.dropped ?? [],
  }
  return { ...choice, reason: reasonOf(choice) }
}

function reasonOf({ weights, by, tried, head, features, dropped }: Omit<ClassifierChoice, 'reason'>): string {
  const names = ({ length }: readonly unknown[], of: readonly FittedHead[]) =>
    length === 0 ? '' : of.map(({ name }) => name).join(', ')
  const heads =
    head === 'levels'
      ? 'its levels as they were trained'
      : `${head === 'ridge' ? 'ridge regression' : 'nearest means'} on ${names(features, features)}${dropped.length > 0 ? ` (not on ${names(dropped, dropped)}, which the examples show to be worse)` : ''}`
  const own = tried.find((trial) => trial.weights === weights)
  const ways =
    by === 'crops by the examples' ? 'crops of the examples' : 'the examples, each left out in turn,'
  const compared =
    own?.accuracy === undefined || own.accuracy === null
      ? ''
      : `, of ${count(tried.length, 'set')} of weights the one that says best what ${ways} show (${(100 * own.accuracy).toFixed(1)} % right)`
  return `chosen: ${weights ?? 'the model'}${compared}; ${heads}`
}
