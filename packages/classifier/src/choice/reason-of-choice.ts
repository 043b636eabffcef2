import { count } from '@m2l/engine'
import { purposeOf } from '@m2l/weights'
import type { ClassifierChoice } from './describe-choice.js'
import type { FittedHead } from './fit-heads.js'

type Told = Omit<ClassifierChoice, 'reason'>

/**
 * What was chosen and why, in one line: first in plain words, then what experts call it.
 *
 * @param levels that compare, by their names
 * @param called what sees pictures, where its weights have no name
 */
export function reasonOf(choice: Told, levels: readonly string[], called = 'the model'): string {
  const { weights, heads, dropped } = choice
  const purpose = weights === null ? undefined : purposeOf(weights)
  const network = `${weights ?? called}${purpose === undefined ? '' : ` (a network for ${purpose})`}`
  const technical = heads.length === 0 ? levels.join(', ') : headsOf(heads, dropped)
  return `chosen: ${network}, which compares ${howOf(choice, levels)}${whyOf(choice)} (technically: ${technical})`
}

/** How pictures are compared. */
function howOf({ views, heads }: Told, levels: readonly string[]): string {
  const seen = views === 'crops' ? 'pictures, and their corners by themselves,' : 'pictures'
  if (heads.some(({ head }) => head !== 'nearest mean')) return `${seen} by rules fitted to the examples`
  if (heads.length > 0) return `${seen} with the average of each class`
  const ways = levels.map((level) => plain[level])
  return ways.every((way) => way !== undefined) ? `${seen} ${inWords(ways)}` : `${seen} with the examples`
}

const plain: Readonly<Record<string, string>> = {
  pixel: 'point by point',
  part: 'part by part',
  global: 'as a whole',
}

/** How good it is by the examples, beside the others. */
function whyOf({ weights, views, by, tried }: Told): string {
  if (by === null) return ''
  const own = tried.find((trial) => trial.weights === weights && trial.views === views)
  const others = tried.filter((trial) => trial.weights !== weights && trial.accuracy !== null)
  const networks = new Set(others.map((trial) => trial.weights)).size
  const most = Math.max(...others.map(({ accuracy }) => accuracy!))
  const beside =
    networks === 0
      ? ''
      : most < own!.accuracy!
        ? `, ${count(networks, 'other network')} at most ${percent(most)}`
        : `, and ${networks === 1 ? 'the other network is not' : `none of ${networks} others is`} clearly better (at most ${percent(most)})`
  const shown =
    by === 'crops by the examples'
      ? `it recognises ${percent(own!.accuracy!)} of pieces cut out of the examples`
      : `each example left out in turn, it recognises ${percent(own!.accuracy!)} of them by the others`
  return `; ${shown}${beside}`
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

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(0)} %`
}

/** `a, b and c`. */
function inWords(words: readonly (string | undefined)[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
