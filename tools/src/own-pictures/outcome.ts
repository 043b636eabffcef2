import { auroc } from '@m2l/m2l'
import type { Shots } from './draws.js'

/** By what pictures of no class are told from others. */
export const familiarities = ['familiarity', 'probability', 'score'] as const

/** What a side says of a picture. */
export interface Answer {
  readonly label: string
  /** Of the label, from 0 to 1. */
  readonly probability: number
  /**
   * The highest score, such as the negative distance of the nearest mean; null where levels have scores of
   * several kinds.
   */
  readonly score: number | null
  /** See `Familiarity` of `@m2l/m2l`; null where there is none. */
  readonly familiarity: number | null
}

/** What a side made of a draw. */
export interface Outcome {
  /** The share of the pictures that are recognised. */
  readonly accuracy: number
  /**
   * How well each tells pictures of the classes from others, as the area under the ROC curve; null where it
   * cannot be said.
   */
  readonly auroc: Readonly<Record<(typeof familiarities)[number], number | null>>
}

/** What a side made of all draws, by the number of examples. */
export type Outcomes = Readonly<Record<Shots, readonly Outcome[]>>

/**
 * How good answers are.
 *
 * @param known of pictures of the classes
 * @param truth the class of each of these
 * @param strangers of pictures of other classes
 */
export function outcomeOf(
  known: readonly Answer[],
  truth: readonly string[],
  strangers: readonly Answer[],
): Outcome {
  const right = known.filter(({ label }, index) => label === truth[index]).length
  const by = (kind: (typeof familiarities)[number]) => {
    const [first, second] = [known, strangers].map((some) => some.map((answer) => answer[kind]))
    if ([...first!, ...second!].some((value) => value === null)) return null
    return auroc(first as number[], second as number[])
  }
  return {
    accuracy: right / known.length,
    auroc: { familiarity: by('familiarity'), probability: by('probability'), score: by('score') },
  }
}
