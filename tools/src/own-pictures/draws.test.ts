import { describe, expect, it } from 'vitest'
import { randomKey } from '@m2l/engine'
import { drawClasses, drawnPictures } from './draws.js'

const sizes = new Map([
  ['a', 6],
  ['b', 30],
  ['c', 9],
  ['d', 12],
  ['e', 7],
])
const options = { draws: 40, ways: 2, queries: 4, key: randomKey(1) }

describe('draws', () => {
  it('takes examples, queries and strangers that share no picture, from their own classes', () => {
    const labels = [...sizes].flatMap(([label, size]) => Array.from({ length: size }, () => label))
    const draws = drawClasses(sizes, options)
    expect(draws).toHaveLength(40)
    for (const draw of draws) {
      expect(new Set(draw.labels).size).toBe(2)
      const all = [...draw.support.flat(), ...draw.query.flat(), ...draw.strangers]
      expect(new Set(all).size).toBe(all.length)
      for (const [way, label] of draw.labels.entries()) {
        const own = [...draw.support[way]!, ...draw.query[way]!].map((picture) => labels[picture])
        expect(new Set(own)).toEqual(new Set([label]))
        expect(draw.support[way]).toHaveLength(5)
        expect(draw.query[way]).toHaveLength(Math.min(4, sizes.get(label)! - 5))
      }
      const strange = new Set(draw.strangers.map((picture) => labels[picture]!))
      expect(strange.size).toBe(2)
      expect([...strange].some((label) => draw.labels.includes(label))).toBe(false)
    }
    expect(drawnPictures(draws)).toEqual(Array.from({ length: 64 }, (_, picture) => picture))
  })

  it('follows from the key, and the first draws do not depend on how many there are', () => {
    const first = drawClasses(sizes, { ...options, draws: 3 })
    expect(drawClasses(sizes, options).slice(0, 3)).toEqual(first)
    expect(drawClasses(sizes, { ...options, draws: 3, key: randomKey(2) })).not.toEqual(first)
  })

  it('has no strangers where all classes are drawn', () => {
    const [draw] = drawClasses(sizes, { ...options, ways: 5, draws: 1 })
    expect(draw!.strangers).toEqual([])
  })
})
