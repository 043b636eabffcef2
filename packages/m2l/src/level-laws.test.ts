import { loadEngine, randomKey, randomUniform, tf, type RandomKey } from '@m2l/engine'
import type { Contributions, Embedding, MetricLevel, Support } from '@m2l/metric'
import { globalLevel, relationLevel } from '@m2l/metric-global'
import { partLevel } from '@m2l/metric-part'
import { alignmentLevel, pixelLevel } from '@m2l/metric-pixel'
import { disposeState } from '@m2l/nn'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const channels = 6

/** Every level that a recipe can name, with the options that change its arithmetic. */
const levels: readonly (readonly [name: string, create: (key: RandomKey) => MetricLevel])[] = [
  ['pixel', () => pixelLevel()],
  ['pixel with 2 neighbours', () => pixelLevel({ neighbours: 2 })],
  ['global', () => globalLevel()],
  ['global by cosine', () => globalLevel({ similarity: 'cosine' })],
  ['global with refinement', () => globalLevel({ refine: 'soft', refineSteps: 2 })],
  [
    'global by cosine with distractors',
    () => globalLevel({ similarity: 'cosine', refine: 'soft-with-distractors' }),
  ],
  ['relation', (key) => relationLevel({ channels, key })],
  ['alignment as released', (key) => alignmentLevel({ channels, key, keyChannels: 4 })],
  [
    'alignment with exclusion',
    (key) => alignmentLevel({ channels, key, keyChannels: 4, masking: 'excluded' }),
  ],
  ['part, identity graph', (key) => partLevel({ channels, key, graph: 'identity' })],
  ['part, class graph', (key) => partLevel({ channels, key, graph: 'class' })],
  ['part, full graph', (key) => partLevel({ channels, key, graph: 'full' })],
]

beforeAll(async () => {
  await loadEngine()
})

/** Images as nested lists, so that they can be reordered. */
interface Task {
  readonly classes: readonly (readonly Image[])[]
  readonly queries: readonly Image[]
}

interface Image {
  /** [height, width, channels] */
  readonly map: readonly (readonly (readonly number[])[])[]
  /** [parts, channels] */
  readonly parts: readonly (readonly number[])[]
}

const side = fc.integer({ min: 1, max: 3 })
const number = fc.integer({ min: -8, max: 8 }).map((value) => value / 4)

function images(height: number, width: number, parts: number): fc.Arbitrary<Image> {
  const vector = fc.array(number, { minLength: channels, maxLength: channels })
  const list = <T>(item: fc.Arbitrary<T>, length: number) =>
    fc.array(item, { minLength: length, maxLength: length })
  return fc.record({ map: list(list(vector, width), height), parts: list(vector, parts) })
}

/** Few-shot tasks of any shots and sizes, often with duplicates, zero vectors and maps of one position. */
const tasks: fc.Arbitrary<Task> = fc
  .tuple(side, side, fc.integer({ min: 2, max: 3 }))
  .chain(([height, width, parts]) => {
    const image = images(height, width, parts)
    return fc.record({
      classes: fc.array(fc.array(image, { minLength: 2, maxLength: 3 }), { minLength: 2, maxLength: 4 }),
      queries: fc.array(image, { minLength: 1, maxLength: 4 }),
    })
  })

/** Tasks without ties, which several levels break by position: numbers drawn from a key. */
const generalTasks: fc.Arbitrary<Task> = fc
  .record({
    seed: fc.nat(1e6),
    sides: fc.tuple(side, side),
    shots: fc.array(fc.integer({ min: 2, max: 3 }), { minLength: 2, maxLength: 4 }),
    queries: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ seed, sides: [height, width], shots, queries }) => {
    const draw = (...purpose: number[]): Image =>
      tf.tidy(() => {
        const key = purpose.reduce((folded, part) => folded.fold(part), randomKey(seed))
        const values = (name: string, shape: number[]) =>
          randomUniform(key.fold(name), shape).sub(0.5).arraySync()
        return {
          map: values('map', [height, width, channels]) as number[][][],
          parts: values('parts', [2, channels]) as number[][],
        }
      })
    return {
      classes: shots.map((shot, label) => Array.from({ length: shot }, (_, index) => draw(0, label, index))),
      queries: Array.from({ length: queries }, (_, index) => draw(1, index)),
    }
  })

function supportOf(classes: Task['classes']): Support {
  return { ...embeddingOf(classes.flat()), shots: classes.map((ofClass) => ofClass.length) }
}

function embeddingOf(list: readonly Image[]): Embedding & { map: tf.Tensor4D; parts: tf.Tensor3D } {
  return {
    map: tf.tensor4d(list.map((image) => image.map) as number[][][][]),
    parts: tf.tensor3d(list.map((image) => image.parts) as number[][][]),
  }
}

function disposeAll(...embeddings: readonly Embedding[]): void {
  for (const { map, parts } of embeddings) tf.dispose([map, parts])
}

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

function expectClose(actual: readonly number[][], expected: readonly number[][]) {
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length))
  for (const [row, values] of actual.entries()) {
    for (const [column, value] of values.entries()) expect(value).toBeCloseTo(expected[row]![column]!, 4)
  }
}

describe.each(levels)('the level %s', (_name, create) => {
  let level: MetricLevel

  beforeAll(() => {
    level = create(randomKey(1))
    // A fresh part graph adds nothing, and a fresh relation network hardly tells pairs apart.
    for (const [name, { value }] of Object.entries(level.state)) {
      tf.tidy(() => value.assign(randomUniform(randomKey(2).fold(name), value.shape).sub(0.5)))
    }
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

  it('explains its scores by contributions of positions that sum to them', async () => {
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
