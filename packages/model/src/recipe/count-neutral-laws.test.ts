import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import type { Contributions, MetricLevel } from '@m2l/metric'
import { disposeState } from '@m2l/nn'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  channels,
  disposeAll,
  embeddingOf,
  expectClose,
  generalTasks,
  levels,
  randomise,
  supportOf,
  type Task,
} from './few-shot-tasks.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

function scoresOf(level: MetricLevel, { classes, queries }: Task, drawnShots?: number): number[][] {
  const counted = drawnShots === undefined ? {} : { drawnShots }
  return tf.tidy(() =>
    level
      .scores({ ...supportOf(classes), ...counted }, embeddingOf(queries), { training: false })
      .arraySync(),
  )
}

/** With two positions at least in what is drawn of a class and left of it, since a level may average two. */
const drawnTasks = fc.tuple(generalTasks, fc.integer({ min: 1, max: 3 })).filter(
  ([
    {
      queries: [query],
    },
  ]) => query!.map.length * query!.map[0]!.length > 1,
)

describe.each(levels)('the level %s, whatever the numbers of images', (name, create) => {
  let level: MetricLevel

  beforeAll(() => {
    level = create(randomKey(1))
    randomise(level)
  })

  afterAll(() => disposeState(level.state))

  it('does not depend on the order of supports within a class, and permutes its columns with the classes', () => {
    fc.assert(
      fc.property(drawnTasks, ([task, drawn]) => {
        const classes = task.classes.map((ofClass) => ofClass.toReversed()).toReversed()
        const scores = scoresOf(level, task, drawn).map((row) => row.toReversed())
        expectClose(scoresOf(level, { ...task, classes }, drawn), scores)
      }),
      { numRuns: 10 },
    )
  })

  it('has the published scores where no class has more images than are drawn', () => {
    fc.assert(
      fc.property(generalTasks, ({ classes, queries }) => {
        const equal = { queries, classes: classes.map((ofClass) => ofClass.slice(0, 2)) }
        expect(scoresOf(level, equal, 2)).toEqual(scoresOf(level, equal))
      }),
      { numRuns: 5 },
    )
  })

  it.skipIf(isOfMoments(name))('does not see all images of a class twice where one is drawn', () => {
    fc.assert(
      fc.property(
        drawnTasks,
        ([
          {
            classes: [first, ...others],
            queries,
          },
        ]) => {
          const twice = { queries, classes: [[...first!, ...first!], ...others] }
          expectClose(
            scoresOf(level, twice, 1),
            scoresOf(level, { queries, classes: [first!, ...others] }, 1),
          )
        },
      ),
      { numRuns: 5 },
    )
  })

  it.skipIf(isOfWeights(name)).each([1, 2])(
    'expects the same of a class of %d images and of one of more',
    (drawn) => {
      expect(Math.abs(advantageOfMany(level, drawn, drawn))).toBeLessThan(4)
    },
  )

  it.runIf(prefersMany(name))('as published prefers the class with more images', () => {
    expect(advantageOfMany(level, 1)).toBeGreaterThan(4)
  })

  it('explains its scores by contributions of positions that sum to them', async ({ skip }) => {
    skip(!level.explain, 'the level does without explanations')
    await fc.assert(
      fc.asyncProperty(
        drawnTasks,
        async ([
          {
            classes,
            queries: [query],
          },
          drawnShots,
        ]) => {
          const support = { ...supportOf(classes), drawnShots }
          const queryEmbedding = embeddingOf([query!])
          const scores = scoresOf(level, { classes, queries: [query!] }, drawnShots)[0]!
          const before = tf.memory().numTensors
          const explanations = await level.explain!(support, queryEmbedding, { training: false })
          expect(tf.memory().numTensors).toBe(before)
          for (const [
            label,
            { score, query: ofQuery, support: ofSupport, matches },
          ] of explanations.entries()) {
            const ofMatches = matches ? sum(matches.map(({ contribution }) => contribution)) : score
            for (const found of [score, total(ofQuery), total(ofSupport), ofMatches])
              expect(found).toBeCloseTo(scores[label]!, 3)
          }
          expect(explanations.length).toBe(scores.length)
          disposeAll(support, queryEmbedding)
        },
      ),
      { numRuns: 10 },
    )
  })

  it.skipIf(comparesImageByImage(name))('leaves images out as if they had not been there', () => {
    fc.assert(
      fc.property(drawnTasks, ([{ classes }, drawn]) => {
        const before = tf.memory().numTensors
        const images = classes.flat()
        const draws = [drawn, Infinity]
        const found = tf.tidy(() =>
          level.leaveOneOut!(
            supportOf(classes),
            embeddingOf(images),
            { images: images.map((_, image) => image), draws },
            { training: false },
          ).map((scores) => scores.arraySync()),
        )
        expect(tf.memory().numTensors).toBe(before)
        for (const [index, drawnShots] of draws.entries()) {
          const expected = images.map((image) => {
            const others = classes.map((ofClass) => ofClass.filter((other) => other !== image))
            return scoresOf(level, { classes: others, queries: [image] }, drawnShots)[0]!
          })
          // Rounding grows in the probe's steps, which do not end where they lead.
          expectClose(found[index]!, expected, name === 'probe' ? 3 : 4)
        }
      }),
      { numRuns: 8 },
    )
  })
})

/**
 * By how many standard errors the scores of a class of many images are above those of one of few, whose
 * images are drawn alike.
 *
 * @param few how many images that has
 */
function advantageOfMany(level: MetricLevel, few: number, drawnShots?: number): number {
  const draws = 60
  const differences = Array.from({ length: draws }, (_, index) =>
    tf.tidy(() => {
      const key = randomKey(index).fold('advantage')
      const draw = (purpose: string, shape: number[]) => randomUniform(key.fold(purpose), shape).sub(0.3)
      const images = (purpose: string, count: number) => ({
        map: draw(`map of ${purpose}`, [count, 2, 2, channels]) as tf.Tensor4D,
        parts: draw(`parts of ${purpose}`, [count, 2, channels]) as tf.Tensor3D,
      })
      const shots = [few, 8]
      const support = { ...images('support', few + 8), shots, ...(drawnShots && { drawnShots }) }
      const scores = level.scores(support, images('query', 20), { training: false })
      const [ofFew, ofMany] = tf.mean(scores, 0).dataSync() as unknown as [number, number]
      return ofMany - ofFew
    }),
  )
  const mean = sum(differences) / draws
  const variance = sum(differences.map((value) => (value - mean) ** 2)) / (draws - 1)
  return mean / Math.sqrt(variance / draws)
}

function prefersMany(name: string): boolean {
  return /^pixel|^part|^alignment|^global$/.test(name)
}

/** Levels whose scores of other images change when one is left out. */
function comparesImageByImage(name: string): boolean {
  return /^alignment|class graph|full graph|refinement|distractors/.test(name)
}

/** Levels that are solved from all images, each with a weight: no means over choices of images. */
function isOfWeights(name: string): boolean {
  return /^logistic|^ridge|^matching|^probe/.test(name)
}

/**
 * Levels whose scores with one image drawn are no means over single images, but near to them by their first
 * two moments.
 */
function isOfMoments(name: string): boolean {
  return /^relation|^global by cosine|^global with refinement|^Gaussian/.test(name)
}

function total(contributions: Contributions): number {
  return contributions.rest + sum(contributions.images.flatMap(({ values }) => values))
}

function sum(values: readonly number[]): number {
  return values.reduce((before, value) => before + value, 0)
}
