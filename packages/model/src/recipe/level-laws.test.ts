import { loadEngine, randomKey, tf } from '@m2l/engine'
import type { Contributions, MetricLevel } from '@m2l/metric'
import { pixelLevel } from '@m2l/metric-pixel'
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
  tasks,
  type Image,
  type Task,
} from './few-shot-tasks.test.helper.js'

beforeAll(async () => {
  await loadEngine()
})

function total(contributions: Contributions): number {
  return contributions.rest + sum(contributions.images.flatMap(({ values }) => values))
}

function sum(values: readonly number[]): number {
  return values.reduce((before, value) => before + value, 0)
}

function scoresOf(level: MetricLevel, { classes, queries }: Task): number[][] {
  return tf.tidy(() =>
    level.scores(supportOf(classes), embeddingOf(queries), { training: false }).arraySync(),
  )
}

describe.each(levels)('the level %s', (_name, create) => {
  let level: MetricLevel

  beforeAll(() => {
    level = create(randomKey(1))
    randomise(level)
  })

  afterAll(() => disposeState(level.state))

  it('permutes its rows with the queries', () => {
    fc.assert(
      fc.property(generalTasks, (task) => {
        const reversed = { ...task, queries: task.queries.toReversed() }
        expectClose(scoresOf(level, reversed), scoresOf(level, task).toReversed())
      }),
      { numRuns: 12 },
    )
  })

  it('permutes its columns with the classes', () => {
    fc.assert(
      fc.property(generalTasks, (task) => {
        const reversed = { ...task, classes: task.classes.toReversed() }
        expectClose(
          scoresOf(level, reversed),
          scoresOf(level, task).map((row) => row.toReversed()),
        )
      }),
      { numRuns: 12 },
    )
  })

  it('does not depend on the order of supports within a class', () => {
    fc.assert(
      fc.property(generalTasks, (task) => {
        const reversed = { ...task, classes: task.classes.map((ofClass) => ofClass.toReversed()) }
        expectClose(scoresOf(level, reversed), scoresOf(level, task))
      }),
      { numRuns: 12 },
    )
  })

  it('scores a query the same whatever other queries there are', () => {
    fc.assert(
      fc.property(generalTasks, (task) => {
        const alone = task.queries.flatMap((query) => scoresOf(level, { ...task, queries: [query] }))
        expectClose(alone, scoresOf(level, task))
      }),
      { numRuns: 8 },
    )
  })

  it('explains its scores by contributions of positions that sum to them', async ({ skip }) => {
    skip(!level.explain, 'the level does without explanations')
    await fc.assert(
      fc.asyncProperty(fc.oneof(generalTasks, tasks), async ({ classes, queries: [query, ...others] }) => {
        const support = { ...supportOf(classes), unlabelled: embeddingOf([query!, ...others]) }
        const queryEmbedding = embeddingOf([query!])
        const scores = tf.tidy(
          () => level.scores(support, queryEmbedding, { training: false }).arraySync()[0]!,
        )
        const before = tf.memory().numTensors
        const explanations = await level.explain!(support, queryEmbedding, { training: false })
        expect(tf.memory().numTensors).toBe(before)
        const largest = Math.max(1, ...scores.map(Math.abs))
        for (const [
          label,
          { score, query: ofQuery, support: ofSupport, matches },
        ] of explanations.entries()) {
          const ofMatches = matches?.map(({ contribution }) => contribution)
          expect(ofMatches !== undefined).toBe(['pixel', 'part', 'alignment'].includes(level.name))
          const sums = [score, total(ofQuery), total(ofSupport), sum(ofMatches ?? [score])]
          for (const found of sums) expect(found / largest).toBeCloseTo(scores[label]! / largest, 4)
        }
        expect(explanations.length).toBe(scores.length)
        disposeAll(support, queryEmbedding, support.unlabelled)
      }),
      { numRuns: 20 },
    )
  })

  it('gives finite scores and gradients for duplicates, zero vectors and maps of one position', () => {
    const zero: Image = {
      map: [[Array.from({ length: channels }, () => 0)]],
      parts: [
        [0, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0],
      ],
    }
    const isFinite = (task: Task) =>
      tf.tidy(() => {
        const [support, query] = [supportOf(task.classes), embeddingOf(task.queries)]
        const inputs = [support.map!, support.parts!, query.map, query.parts]
        if (level.trainable === false) {
          const scores = level.scores(support, query, { training: false })
          return scores.dataSync().every(Number.isFinite)
        }
        const { value, grads } = tf.valueAndGrads((a, b, c, d) => {
          const scores = level.scores(
            { map: a as tf.Tensor4D, parts: b as tf.Tensor3D, shots: support.shots },
            { map: c as tf.Tensor4D, parts: d as tf.Tensor3D },
            { training: false },
          )
          // Every level reads one field; the other's gradient is that of zero times it.
          const untouched = [a!, b!, c!, d!].map((x) => tf.mul(tf.sum(x), 0))
          return tf.addN([tf.sum(scores), ...untouched])
        })(inputs)
        return [value, ...grads].every((tensor) => tensor.dataSync().every(Number.isFinite))
      })
    expect(
      isFinite({
        classes: [
          [zero, zero],
          [zero, zero],
        ],
        queries: [zero],
      }),
    ).toBe(true)
    fc.assert(
      fc.property(tasks, ({ classes, queries }) => {
        const [first, ...others] = classes as [readonly Image[], ...(readonly Image[])[]]
        const duplicates = [first, first.toReversed(), ...others]
        return (
          isFinite({ classes, queries }) &&
          isFinite({ classes: duplicates, queries: [...queries, first[0]!] })
        )
      }),
      { numRuns: 25 },
    )
  })
})

it('a support that is also the query wins its class at pixel level, with the highest score possible', () => {
  fc.assert(
    fc.property(generalTasks, (task) => {
      const queries = task.classes.map(([first]) => first!)
      const positions = queries[0]!.map.length * queries[0]!.map[0]!.length
      for (const [label, row] of scoresOf(pixelLevel(), { ...task, queries }).entries()) {
        expect(row[label]).toBeCloseTo(positions, 4)
        expect(Math.max(...row)).toBe(row[label])
      }
    }),
    { numRuns: 20 },
  )
})
