import { explanationOfMatches, type ScoreExplanation } from '@m2l/metric'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Evidence } from './evidence.js'

const positions = { query: 3, support: 2 }
const value = fc.integer({ min: -8, max: 8 }).map((number) => number / 4)

/** A class of two images whose score is a sum of matches, two for each query position. */
const matched: fc.Arbitrary<ScoreExplanation> = fc
  .array(fc.record({ image: fc.nat(1), support: fc.nat(1), contribution: value }), {
    minLength: 6,
    maxLength: 6,
  })
  .map((list) => {
    const matches = list.map((match, index) => ({ ...match, query: Math.floor(index / 2), similarity: 0 }))
    return explanationOfMatches('map', matches, [0, 1], positions)
  })

/** A score whose sides have different sums and the rest apart. */
const summed: fc.Arbitrary<ScoreExplanation> = fc
  .record({
    score: value,
    query: fc.array(value, { minLength: 3, maxLength: 3 }),
    support: fc.array(value, { minLength: 2, maxLength: 2 }),
  })
  .map(({ score, query, support }) => ({
    field: 'map',
    score,
    query: { images: [{ image: 0, values: query }], rest: score - sum(query) },
    support: { images: [{ image: 0, values: support }], rest: score - sum(support) },
  }))

const explanations = fc.oneof(
  fc.array(matched, { minLength: 1, maxLength: 4 }),
  fc.array(summed, { minLength: 1, maxLength: 4 }),
)

it('of the query, of the supports and of matches sums to the lead, with the rests', () => {
  fc.assert(
    fc.property(explanations, (ofClasses) => {
      const evidence = new Evidence(ofClasses)
      const scores = ofClasses.map(({ score }) => score)
      for (const [label, { query, support, matches }] of ofClasses.entries()) {
        const others = scores.filter((_, other) => other !== label)
        const lead = scores[label]! - (others.length === 0 ? 0 : sum(others) / others.length)
        const restLead = (side: 'query' | 'support') => {
          const rests = ofClasses.filter((_, other) => other !== label).map((other) => other[side].rest)
          return { query, support }[side].rest - (rests.length === 0 ? 0 : sum(rests) / rests.length)
        }
        expect(evidence.lead(label)).toBeCloseTo(lead, 9)
        expect(sum(evidence.ofQuery(label)) + restLead('query')).toBeCloseTo(lead, 9)
        expect(sum(evidence.ofSupport(label).flat()) + restLead('support')).toBeCloseTo(lead, 9)
        expect(matches ? sum(evidence.ofMatches(label)) : lead).toBeCloseTo(lead, 9)
      }
    }),
  )
})

it('is nothing where a position adds the same to every class', () => {
  const of = (first: number): ScoreExplanation => ({
    field: 'map',
    score: first + 5,
    query: { images: [{ image: 0, values: [first, 5] }], rest: 0 },
    support: { images: [{ image: 0, values: [first + 5] }], rest: 0 },
  })
  expect(new Evidence([of(3), of(1), of(1)]).ofQuery(0)).toEqual([2, 0])
})

function sum(values: readonly number[]): number {
  return values.reduce((total, next) => total + next, 0)
}
