import { randomKey, randomUniform, tf, type RandomKey } from '@m2l/engine'
import type { Embedding, MetricLevel, Support } from '@m2l/metric'
import { globalLevel, relationLevel } from '@m2l/metric-global'
import {
  cacheLevel,
  gdaLevel,
  logisticLevel,
  matchingLevel,
  nearestMeanLevel,
  probeLevel,
  ridgeLevel,
} from '@m2l/metric-head'
import { partLevel } from '@m2l/metric-part'
import { alignmentLevel, pixelLevel } from '@m2l/metric-pixel'
import fc from 'fast-check'
import { expect } from 'vitest'

export const channels = 6

/** Every level that a recipe can name, with the options that change its arithmetic. */
export const levels: readonly (readonly [name: string, create: (key: RandomKey) => MetricLevel])[] = [
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
  ['part, no graph', (key) => partLevel({ channels, key, graph: 'none' })],
  ['part, identity graph', (key) => partLevel({ channels, key, graph: 'identity' })],
  ['part, class graph', (key) => partLevel({ channels, key, graph: 'class' })],
  ['part, full graph', (key) => partLevel({ channels, key, graph: 'full' })],
  ['nearest mean', () => nearestMeanLevel()],
  ['nearest mean of centred features', () => nearestMeanLevel({ normalise: 'cl2n', channels })],
  ['logistic', () => logisticLevel()],
  ['ridge of R2D2', () => ridgeLevel({ lambda: 1 })],
  ['ridge of MetaOptNet', () => ridgeLevel({ variant: 'metaoptnet', normalise: 'l2n' })],
  ['Gaussian', () => gdaLevel()],
  ['cache', () => cacheLevel()],
  ['matching', () => matchingLevel()],
  ['probe', () => probeLevel()],
]

/** A fresh part graph adds nothing, and a fresh relation network hardly tells pairs apart. */
export function randomise(level: MetricLevel): void {
  for (const [name, { value }] of Object.entries(level.state)) {
    tf.tidy(() => value.assign(randomUniform(randomKey(2).fold(name), value.shape).sub(0.5)))
  }
}

/** Images as nested lists, so that they can be reordered. */
export interface Task {
  readonly classes: readonly (readonly Image[])[]
  readonly queries: readonly Image[]
}

export interface Image {
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
export const tasks: fc.Arbitrary<Task> = fc
  .tuple(side, side, fc.integer({ min: 2, max: 3 }))
  .chain(([height, width, parts]) => {
    const image = images(height, width, parts)
    return fc.record({
      classes: fc.array(fc.array(image, { minLength: 2, maxLength: 3 }), { minLength: 2, maxLength: 4 }),
      queries: fc.array(image, { minLength: 1, maxLength: 4 }),
    })
  })

/** Tasks without ties, which several levels break by position: numbers drawn from a key. */
export const generalTasks: fc.Arbitrary<Task> = fc
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

export function supportOf(classes: Task['classes']): Support {
  return { ...embeddingOf(classes.flat()), shots: classes.map((ofClass) => ofClass.length) }
}

export function embeddingOf(list: readonly Image[]): Embedding & { map: tf.Tensor4D; parts: tf.Tensor3D } {
  return {
    map: tf.tensor4d(list.map((image) => image.map) as number[][][][]),
    parts: tf.tensor3d(list.map((image) => image.parts) as number[][][]),
  }
}

export function disposeAll(...embeddings: readonly Embedding[]): void {
  for (const { map, parts } of embeddings) tf.dispose([map, parts])
}

/** @param digits of the largest that are the same */
export function expectClose(actual: readonly number[][], expected: readonly number[][], digits = 4) {
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length))
  const largest = Math.max(1, ...expected.flat().map(Math.abs))
  for (const [row, values] of actual.entries()) {
    for (const [column, value] of values.entries())
      expect(value / largest).toBeCloseTo(expected[row]![column]! / largest, digits)
  }
}
