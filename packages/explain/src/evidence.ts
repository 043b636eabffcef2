import type { ScoreExplanation } from '@m2l/metric'

/**
 * What each position adds to a score's lead over the mean of the other classes' scores.
 *
 * A position of the query speaks for a class by what it adds to its score above what it adds to the others'
 * on average. A match has its share of its query position's evidence, and a support position has that of the
 * matches that it is in. Where a level does not match, the other classes' scores are held against all
 * positions of the supports alike. With the rests, the evidence of either side sums to the lead.
 */
export class Evidence {
  readonly #explanations: readonly ScoreExplanation[]

  /** @param explanations of one query for every class */
  constructor(explanations: readonly ScoreExplanation[]) {
    this.#explanations = explanations
  }

  lead(label: number): number {
    return this.#explanations[label]!.score - this.#meanOfOthers(label, ({ score }) => score)
  }

  /** For each position of the query. */
  ofQuery(label: number): number[] {
    return ownValues(this.#explanations[label]!).map(
      (value, position) =>
        value - this.#meanOfOthers(label, (explanation) => ownValues(explanation)[position]!),
    )
  }

  /** For each match of the class, in the explanation's order; none where the level does not match. */
  ofMatches(label: number): number[] {
    const explanation = this.#explanations[label]!
    const ofQuery = this.ofQuery(label)
    const { matches = [] } = explanation
    const sharing = counts(matches.map(({ query }) => query))
    return matches.map(({ query, contribution }) => {
      const others = ownValues(explanation)[query]! - ofQuery[query]!
      return contribution - others / sharing.get(query)!
    })
  }

  /** For each image of the class's support side, and each of its positions. */
  ofSupport(label: number): number[][] {
    const { support, matches } = this.#explanations[label]!
    if (!matches) {
      const positions = support.images.reduce((sum, { values }) => sum + values.length, 0)
      const others = this.#meanOfOthers(label, ({ score, support: { rest } }) => score - rest) / positions
      return support.images.map(({ values }) => values.map((value) => value - others))
    }
    const ofImages = new Map(support.images.map(({ image, values }) => [image, values.map(() => 0)]))
    const ofMatches = this.ofMatches(label)
    for (const [index, match] of matches.entries()) {
      ofImages.get(match.image)![match.support]! += ofMatches[index]!
    }
    return [...ofImages.values()]
  }

  #meanOfOthers(label: number, value: (explanation: ScoreExplanation) => number): number {
    const others = this.#explanations.filter((_, other) => other !== label)
    if (others.length === 0) return 0
    return others.reduce((sum, explanation) => sum + value(explanation), 0) / others.length
  }
}

function ownValues({ query }: ScoreExplanation): readonly number[] {
  return query.images[0]!.values
}

function counts(values: readonly number[]): Map<number, number> {
  const found = new Map<number, number>()
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1)
  return found
}
