import { auroc, wilson95 } from '@m2l/classifier'
import { loadEngine, tf } from '@m2l/engine'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Familiarity, FewShotClassifier, type Classification, type LeftOut } from '../index.js'
import { pattern, patterns } from './patterns.test.helper.js'

let classifier: FewShotClassifier
const images = { a: patterns(0, 3), b: patterns(1, 2), c: patterns(2, 1), d: patterns(3, 4) }

beforeAll(async () => {
  await loadEngine()
  classifier = await FewShotClassifier.load('emoji-conv64f')
  for (const [label, examples] of Object.entries(images)) await classifier.add(label, examples)
})

afterAll(() => classifier.dispose())

/** The same by adding all but one, or all but a class. */
async function classifyWithout(label: keyof typeof images, position: number, wholeClass: boolean) {
  const other = await FewShotClassifier.load('emoji-conv64f')
  for (const [name, examples] of Object.entries(images)) {
    const rest = name === label ? examples.filter((_, index) => !wholeClass && index !== position) : examples
    if (rest.length > 0) await other.add(name, rest)
  }
  const [result] = (await other.classify([images[label][position]!])) as [Classification]
  other.dispose()
  return result
}

function expectSame(actual: LeftOut, expected: Classification): void {
  expect(actual.labels).toEqual(expected.labels)
  expect(actual.probability).toBeCloseTo(expected.probability, 3)
  for (const [name, { scores }] of Object.entries(expected.levels)) {
    scores.forEach((score, way) => {
      expect(Math.abs(actual.levels[name]!.scores[way]! - score)).toBeLessThan(1e-3 * (1 + Math.abs(score)))
    })
  }
}

describe('leaveOneOut', () => {
  it('is what a classifier without the image says, and one without its class', async () => {
    const held = tf.memory().numTensors
    const { known, strangers } = await classifier.leaveOneOut()
    expect(tf.memory().numTensors).toBe(held)
    expect(known.map(({ truth }) => truth).join('')).toBe('aaabbdddd')
    expect(strangers.map(({ truth }) => truth).join('')).toBe('aaabbcdddd')
    expect(known.map(({ position }) => position).join('')).toBe('012010123')
    expect(strangers.map(({ position }) => position).join('')).toBe('0120100123')
    expectSame(known[1]!, await classifyWithout('a', 1, false))
    expectSame(known[8]!, await classifyWithout('d', 3, false))
    expectSame(strangers[4]!, await classifyWithout('b', 1, true))
    expectSame(strangers[5]!, await classifyWithout('c', 0, true))
  })

  it('calibrates familiarity, which is high for the classes and low for others', async () => {
    const familiarity = new Familiarity(await classifier.leaveOneOut())
    const results = await classifier.classify([pattern(0, 9), pattern(3, 9), pattern(5, 9), pattern(6, 9)])
    const values = results.map((result) => familiarity.of(result))
    for (const value of values) {
      expect(value).toBeGreaterThan(0)
      expect(value).toBeLessThan(1)
    }
    expect(Math.min(values[0]!, values[1]!)).toBeGreaterThan(Math.max(values[2]!, values[3]!))
  })

  it('cannot be calibrated by one image a class', async () => {
    const { known, strangers } = await classifier.leaveOneOut()
    expect(known.length).toBeLessThan(strangers.length)
    expect(() => new Familiarity({ known: [], strangers })).toThrow('one image a class')
  })
})

const values = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 })

describe('auroc', () => {
  it('counts the pairs that are in the right order', () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        const pairs = first.flatMap((a) => second.map((b) => (a > b ? 1 : a === b ? 0.5 : 0) as number))
        expect(auroc(first, second)).toBeCloseTo(pairs.reduce((sum, won) => sum + won, 0) / pairs.length)
      }),
    )
    expect(auroc([], [1])).toBeNull()
  })
})

describe('wilson95', () => {
  it('holds the share and stays within 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (count, part) => {
          const hits = Math.round(count * part)
          const [low, high] = wilson95(hits, count)
          expect(low).toBeGreaterThanOrEqual(0)
          expect(low).toBeLessThanOrEqual(hits / count + 1e-12)
          expect(high).toBeGreaterThanOrEqual(hits / count - 1e-12)
          expect(high).toBeLessThanOrEqual(1)
        },
      ),
    )
    expect(wilson95(9, 10)[0]).toBeCloseTo(0.5958, 3) // Newcombe, Statistics in Medicine 17 (1998), by the same formula
  })
})
