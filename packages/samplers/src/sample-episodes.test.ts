import { InputError, randomKey } from '@m2l/engine'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EpisodeSource, episodeAt, sampleEpisodes } from './index.js'

/** A split whose class `i` has `counts[i]` images. */
function splitOf(counts: readonly number[]): EpisodeSource {
  return {
    name: 'train',
    classes: counts.map((length, index) => ({ name: `class${index}`, images: { length } })),
  }
}

/** A split together with a shape of episodes that it can give. */
const possible = fc
  .record({
    shots: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 6 }),
    queries: fc.integer({ min: 1, max: 5 }),
    seed: fc.maxSafeNat(),
  })
  .chain(({ shots, queries, seed }) => {
    const count = fc.integer({ min: Math.max(...shots) + queries, max: 30 })
    return fc.array(count, { minLength: shots.length, maxLength: 12 }).map((counts) => ({
      counts,
      source: splitOf(counts),
      options: { ways: shots.length, shots, queries, key: randomKey(seed) },
    }))
  })

describe('an episode', () => {
  test('has different classes, the shots and queries asked for, and no image twice', () => {
    fc.assert(
      fc.property(possible, fc.nat(), ({ counts, source, options }, index) => {
        const { classes, support, query } = episodeAt(source, options, index)
        expect(new Set(classes).size).toBe(options.ways)
        expect(support.map((images) => images.length)).toEqual(options.shots)
        expect(query.map((images) => images.length)).toEqual(options.shots.map(() => options.queries))
        classes.forEach((drawn, way) => {
          const images = [...support[way]!, ...query[way]!]
          expect(new Set(images).size).toBe(images.length)
          expect(Math.min(...images)).toBeGreaterThanOrEqual(0)
          expect(Math.max(...images)).toBeLessThan(counts[drawn]!)
        })
      }),
    )
  })

  test('depends on key and index only, so that any slice can be drawn alone', () => {
    fc.assert(
      fc.property(possible, fc.nat(1000), fc.nat(5), ({ source, options }, first, episodes) => {
        const slice = sampleEpisodes(source, { ...options, first, episodes })
        expect(slice).toEqual(
          Array.from({ length: episodes }, (_, step) => episodeAt(source, options, first + step)),
        )
        const whole = sampleEpisodes(source, { ...options, episodes: 4 })
        expect(whole.slice(2)).toEqual(sampleEpisodes(source, { ...options, first: 2, episodes: 2 }))
      }),
    )
  })

  test('a number of shots means that number for every way', () => {
    const options = { ways: 3, queries: 2, episodes: 5, key: randomKey(4) }
    const source = splitOf([9, 9, 9, 9])
    expect(sampleEpisodes(source, { ...options, shots: 4 })).toEqual(
      sampleEpisodes(source, { ...options, shots: [4, 4, 4] }),
    )
  })

  test('stays what it was: this one is written down', () => {
    const options = { ways: 3, shots: 2, queries: 2, key: randomKey(1) }
    expect(episodeAt(splitOf([20, 20, 20, 20, 20]), options, 7)).toMatchInlineSnapshot(`
      {
        "classes": [
          3,
          4,
          0,
        ],
        "query": [
          [
            1,
            8,
          ],
          [
            19,
            7,
          ],
          [
            4,
            19,
          ],
        ],
        "support": [
          [
            5,
            4,
          ],
          [
            13,
            17,
          ],
          [
            9,
            18,
          ],
        ],
      }
    `)
  })

  test('another key or index gives other episodes', () => {
    const options = { ways: 5, shots: 1, queries: 15, episodes: 20 }
    const source = splitOf(Array.from({ length: 20 }, () => 600))
    const one = sampleEpisodes(source, { ...options, key: randomKey(1) })
    const two = sampleEpisodes(source, { ...options, key: randomKey(2) })
    expect(new Set([...one, ...two].map((episode) => JSON.stringify(episode))).size).toBe(40)
  })

  test('classes and images are drawn uniformly', () => {
    const options = { ways: 2, shots: 1, queries: 1, key: randomKey(3), episodes: 6000 }
    const counts = { classes: [0, 0, 0, 0], support: [0, 0, 0, 0, 0], query: [0, 0, 0, 0, 0] }
    for (const { classes, support, query } of sampleEpisodes(splitOf([5, 5, 5, 5]), options)) {
      for (const drawn of classes) counts.classes[drawn]!++
      for (const image of support.flat()) counts.support[image]!++
      for (const image of query.flat()) counts.query[image]!++
    }
    // 3000 and 2400 expected; five standard deviations are 194 and 219.
    for (const count of counts.classes) expect(Math.abs(count - 3000)).toBeLessThan(194)
    for (const count of [...counts.support, ...counts.query]) expect(Math.abs(count - 2400)).toBeLessThan(219)
  })
})

describe('what cannot be drawn is refused in one line', () => {
  const fair = { ways: 5, shots: 1, queries: 15, key: randomKey(1), episodes: 1 }

  test.each([
    [
      'too few classes',
      [20, 20, 20],
      {},
      'split train: has 3 classes, but an episode needs 5; lower the ways or use a split with more classes',
    ],
    [
      'a class with too few images',
      [20, 20, 15, 20, 20],
      {},
      'split train: class class2 has 15 images, but an episode needs 16 (1 support + 15 query); ' +
        'lower shots or queries, add images or leave the class out',
    ],
    [
      'a class with too few images for the way with most shots',
      [20, 20, 20, 20, 20],
      { shots: [1, 1, 6, 1, 1] },
      'split train: class class0 has 20 images, but an episode needs 21 (6 support + 15 query); ' +
        'lower shots or queries, add images or leave the class out',
    ],
    [
      'shots for another number of ways',
      [20, 20, 20, 20, 20],
      { shots: [1, 1] },
      'shots: got 2 numbers for 5 ways; give one number, or one for each way',
    ],
    ['one way', [20], { ways: 1 }, 'ways: 1 is not usable; give a whole number of at least 2'],
    ['no shots', [20], { shots: 0 }, 'shots: 0 is not usable; give a whole number of at least 1'],
    ['half a query', [20], { queries: 0.5 }, 'queries: 0.5 is not usable; give a whole number of at least 1'],
    [
      'negative episodes',
      [20],
      { episodes: -1 },
      'episodes: -1 is not usable; give a whole number of at least 0',
    ],
  ])('%s', (_, counts, change, message) => {
    expect(() => sampleEpisodes(splitOf(counts), { ...fair, ...change })).toThrow(new InputError(message))
  })
})
