import { count } from '@m2l/engine'
import type { Candidate } from '../candidate.js'
import type { Choice } from './choose.js'
import type { FittedHead } from './fit-heads.js'

/** What a classifier chose by its examples: plain data, as JSON holds it. */
export interface ClassifierChoice {
  /** The weights; null where a program has made the model. */
  readonly weights: string | null
  /** Whether pictures are seen as a whole, once, or with crops of their corners, in five passes. */
  readonly views: 'whole' | 'crops'
  /** What told the weights apart; null where there was no choice. */
  readonly by: 'examples by the others' | 'crops by the examples' | null
  /** Every candidate with its cross entropy in nats and its accuracy, a fraction of 1; null where it cannot see the examples. */
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
  /** All of it in one line. */
  readonly reason: string
}

export function describeChoice(
  { candidate, metric, by, tried, heads }: Choice,
  candidates: readonly Pick<Candidate, 'origin' | 'views'>[],
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
  return { ...choice, reason: reasonOf(choice, levels) }
}

function reasonOf(
  { weights, views, by, tried, heads, dropped }: Omit<ClassifierChoice, 'reason'>,
  levels: readonly string[],
): string {
  const own = tried.find((trial) => trial.weights === weights && trial.views === views)
  const sets = new Set(tried.map((trial) => trial.weights)).size
  const shown = by === 'crops by the examples' ? 'crops of the examples' : 'examples left out in turn'
  const isLeast = tried.every(({ crossEntropy }) => (crossEntropy ?? Infinity) >= (own?.crossEntropy ?? 0))
  const verdict = isLeast
    ? `which of ${sets} sets of weights tells ${shown} apart best`
    : `since none of ${sets} sets of weights tells ${shown} apart clearly better`
  const best =
    own?.accuracy == null || sets < 2 ? '' : `, ${verdict} (${(100 * own.accuracy).toFixed(1)} % right)`
  const crops = views === 'crops' ? ' with crops' : ''
  const comparing = heads.length === 0 ? `compared by ${levels.join(', ')}` : headsOf(heads, dropped)
  return `chosen: ${weights ?? 'the model'}${crops}${best}; ${comparing}`
}

function headsOf(heads: readonly FittedHead[], dropped: readonly FittedHead[]): string {
  const kinds = [...new Set(heads.map(({ head }) => head))].map((head) => {
    const features = heads.filter((one) => one.head === head).map((one) => harmless(one.features))
    return `${named[head]} of ${features.join(', ')}`
  })
  const worse =
    dropped.length === 0 ? '' : `; ${count(dropped.length, 'head is', 'heads are')} worse and left out`
  return `${kinds.join(' and ')}${worse}`
}

/** Names that files give to ranges may hold what terminals obey. */
function harmless(name: string): string {
  return name.replaceAll(/\p{Cc}/gu, '\uFFFD')
}

const named: Readonly<Record<FittedHead['head'], string>> = {
  'nearest mean': 'nearest class means',
  ridge: 'ridge regression',
  gda: 'Gaussians',
}
