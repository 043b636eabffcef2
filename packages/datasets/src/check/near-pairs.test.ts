import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JoinedSets } from './joined-sets.js'
import { mostDistance, nearPairs } from './near-pairs.js'
import { hashDistance } from './perceptual-hash.js'

/** Hashes that crowd: few words, with some bits flipped. */
const hashes = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 3 }), fc.array(fc.integer({ min: 0, max: 63 }), { maxLength: 14 })),
  { maxLength: 40 },
)

test('nearPairs visits each pair within the distance once, as comparing all with all would', () => {
  fc.assert(
    fc.property(hashes, fc.integer({ min: 0, max: mostDistance }), (made, distance) => {
      const all = made.map(([seed, flips]) => {
        const hash = Uint16Array.from([seed * 0x1234, seed * 0x4321, seed, 0xffff])
        for (const bit of flips) hash[bit >> 4]! ^= 1 << (bit & 15)
        return hash
      })
      const visited: string[] = []
      nearPairs(all, distance, (first, second, apart) => visited.push(`${first} ${second} ${apart}`))
      const expected = all.flatMap((one, first) =>
        all.flatMap((other, second) => {
          const apart = hashDistance(one, other)
          return second > first && apart <= distance ? [`${first} ${second} ${apart}`] : []
        }),
      )
      expect(visited.toSorted()).toEqual(expected.toSorted())
    }),
    { numRuns: 50 },
  )
})

test('JoinedSets joins what is joined, in whichever order, and nothing else', () => {
  const pair = fc.tuple(fc.integer({ min: 0, max: 19 }), fc.integer({ min: 0, max: 19 }))
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 15 }), (pairs) => {
      const sets = new JoinedSets(20)
      for (const [a, b] of pairs) sets.join(a, b)
      const labels = Array.from({ length: 20 }, (_, index) => index)
      for (const [a, b] of [...pairs, ...pairs].flatMap(() => pairs)) {
        const [from, to] = [Math.max(labels[a]!, labels[b]!), Math.min(labels[a]!, labels[b]!)]
        labels.forEach((label, index) => {
          if (label === from) labels[index] = to
        })
      }
      expect(labels.map((_, index) => sets.setOf(index))).toEqual(labels)
    }),
  )
})
