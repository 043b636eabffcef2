import fc from 'fast-check'
import { expect, it } from 'vitest'
import { classResults } from './class-results.js'

/** Two ways of two queries, of the classes given. */
const episode = (classes: readonly number[]) => ({
  classes,
  support: [[0], [0]],
  query: [
    [1, 2],
    [1, 2],
  ],
})
const fusedOnly = (fused: readonly (readonly number[])[]) => ({ predictions: { fused, levels: {} } })

it('counts what was predicted by class and leaves out classes that do not occur', () => {
  const episodes = [episode([2, 0]), episode([0, 2])]
  const predicted = fusedOnly([
    [0, 1, 1, 1],
    [0, 0, 1, 0],
  ])
  const { perClass, confusion } = classResults(predicted, episodes, ['a', 'b', 'c'])
  expect(perClass.map(({ name, episodes: count, accuracy }) => [name, count, accuracy.mean])).toEqual([
    ['a', 2, 1],
    ['c', 2, 0.5],
  ])
  expect(confusion).toEqual({
    classes: ['a', 'c'],
    counts: [
      [4, 0],
      [2, 2],
    ],
  })
})

it('counts every query once, in the row of its class', () => {
  const drawn = fc.array(
    fc.tuple(
      fc.uniqueArray(fc.nat(4), { minLength: 2, maxLength: 2 }),
      fc.array(fc.nat(1), { minLength: 4, maxLength: 4 }),
    ),
    { minLength: 1 },
  )
  fc.assert(
    fc.property(drawn, (all) => {
      const episodes = all.map(([classes]) => episode(classes))
      const predicted = fusedOnly(all.map(([, ways]) => ways))
      const { perClass, confusion } = classResults(predicted, episodes, ['a', 'b', 'c', 'd', 'e'])
      for (const [row, { name, episodes: count, accuracy }] of perClass.entries()) {
        const counts = confusion.counts[row]!
        expect(confusion.classes[row]).toBe(name)
        expect(counts.reduce((sum, value) => sum + value, 0)).toBe(2 * count)
        expect(counts[row]! / (2 * count)).toBeCloseTo(accuracy.mean, 12)
      }
    }),
  )
})
