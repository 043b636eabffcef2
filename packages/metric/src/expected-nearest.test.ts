import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { imageToClassLeaveOneOut, imageToClassScores } from './index.js'

beforeAll(async () => {
  await loadEngine()
})

type Images = number[][][]

interface Case {
  readonly seed: number
  readonly shots: readonly number[]
  readonly neighbours: number
  readonly drawn: number
  readonly descriptors: number
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    seed: fc.nat(1000),
    shots: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 }),
    neighbours: fc.integer({ min: 1, max: 4 }),
    drawn: fc.integer({ min: 1, max: 5 }),
    descriptors: fc.integer({ min: 1, max: 3 }),
  })
  .filter(
    ({ shots, neighbours, drawn, descriptors }) =>
      neighbours <= descriptors * Math.max(1, Math.min(drawn, Math.min(...shots) - 1)),
  )

function draw(seed: number, shape: [number, number, number]): Images {
  return tf.tidy(() => randomUniform(randomKey(seed), shape).sub(0.5).arraySync() as Images)
}

/** All lists of so many of some items, or of all of them. */
function choices<Item>(items: readonly Item[], drawn: number): Item[][] {
  if (drawn >= items.length) return [[...items]]
  if (drawn === 0) return [[]]
  const [first, ...others] = items as [Item, ...Item[]]
  return [...choices(others, drawn - 1).map((chosen) => [first, ...chosen]), ...choices(others, drawn)]
}

/** The published score, one number at a time. */
function published(query: Images[number], ofClass: Images, neighbours: number): number {
  const nearest = query.map((descriptor) => {
    const cosines = ofClass.flat().map((other) => cosine(descriptor, other))
    const highest = cosines.toSorted((a, b) => b - a).slice(0, neighbours)
    return highest.reduce((sum, value) => sum + value, 0) / neighbours
  })
  return nearest.reduce((sum, value) => sum + value, 0)
}

function cosine(a: number[], b: number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0) / (Math.hypot(...a) * Math.hypot(...b))
}

/** The definition: the mean of the published scores over all choices. */
function expectedScore(query: Images[number], ofClass: Images, neighbours: number, drawn: number): number {
  const all = choices(ofClass, drawn).map((chosen) => published(query, chosen, neighbours))
  return all.reduce((sum, score) => sum + score, 0) / all.length
}

function classesOf({ seed, shots, descriptors }: Case): Images[] {
  return shots.map((shot, label) => draw(seed + label * 1001, [shot, descriptors, 5]))
}

describe('imageToClassScores of drawn shots', () => {
  it('are the mean of the published scores over all choices of so many images', () => {
    fc.assert(
      fc.property(cases, (drawnCase) => {
        const { seed, shots, neighbours, drawn: drawnShots } = drawnCase
        const classes = classesOf(drawnCase)
        const query = draw(seed + 7, [2, 3, 5])
        const actual = tf.tidy(() =>
          imageToClassScores(tf.tensor3d(query), tf.tensor3d(classes.flat()), shots, {
            neighbours,
            drawnShots,
            memoryMib: 1e-4,
          }).arraySync(),
        )
        for (const [row, scores] of actual.entries())
          for (const [label, score] of scores.entries())
            expect(score).toBeCloseTo(expectedScore(query[row]!, classes[label]!, neighbours, drawnShots), 4)
      }),
      { numRuns: 60 },
    )
  })

  it('are the published ones where no class has more', () => {
    const [query, support] = [draw(3, [2, 4, 5]), draw(1, [6, 4, 5])]
    const [counted, all] = [3, undefined].map((drawnShots) =>
      tf.tidy(() =>
        imageToClassScores(tf.tensor3d(query), tf.tensor3d(support), [3, 3], { drawnShots }).arraySync(),
      ),
    )
    expect(counted).toEqual(all)
  })
})

describe('imageToClassLeaveOneOut', () => {
  it('is what the other images of its class and all of the others say of each', () => {
    fc.assert(
      fc.property(cases, fc.boolean(), (drawnCase, isPublished) => {
        const { shots, neighbours } = drawnCase
        const classes = classesOf(drawnCase)
        const images = classes.flat()
        const draws = isPublished ? [Infinity, drawnCase.drawn] : [drawnCase.drawn]
        const before = tf.memory().numTensors
        const actual = tf.tidy(() =>
          imageToClassLeaveOneOut(
            tf.tensor3d(images),
            tf.tensor3d(images),
            shots,
            { images: images.map((_, image) => image), draws },
            { neighbours, memoryMib: 1e-4 },
          ).map((scores) => scores.arraySync()),
        )
        expect(tf.memory().numTensors).toBe(before)
        for (const [index, drawn] of draws.entries())
          for (const [row, image] of images.entries())
            for (const [label, ofClass] of classes.entries()) {
              const others = ofClass.filter((other) => other !== image)
              if (others.length === 0) continue
              expect(actual[index]![row]![label]).toBeCloseTo(
                expectedScore(image, others, neighbours, drawn),
                4,
              )
            }
      }),
      { numRuns: 40 },
    )
  })
})
