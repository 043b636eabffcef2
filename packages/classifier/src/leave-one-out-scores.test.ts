import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { LevelFusion, type MetricLevel } from '@m2l/metric'
import { globalLevel } from '@m2l/metric-global'
import { gdaLevel, logisticLevel, ridgeLevel } from '@m2l/metric-head'
import { disposeState } from '@m2l/nn'
import { beforeAll, describe, expect, it } from 'vitest'
import type { LabelledImages } from './labelled-images.js'
import { leaveOneOutScores, type Place } from './leave-one-out-scores.js'

const channels = 5

beforeAll(async () => {
  await loadEngine()
})

/** Features around their classes' centres, row by row. */
function drawn(shots: readonly number[]): number[][][] {
  return tf.tidy(() =>
    shots.map((shot, way) => {
      const key = randomKey(3).fold(way)
      const centre = randomUniform(key.fold('centre'), [1, channels])
      return tf
        .add(centre, randomUniform(key.fold('images'), [shot, channels]).sub(0.5))
        .arraySync() as number[][]
    }),
  )
}

function scoresOf(level: MetricLevel, classes: readonly number[][][], query: readonly number[]): number[] {
  return tf.tidy(() => {
    const map = (rows: readonly (readonly number[])[]) =>
      tf.tensor4d(rows.flat(), [rows.length, 1, 1, channels])
    const shots = classes.map((ofClass) => ofClass.length)
    const support = { map: map(classes.flat()), shots, drawnShots: Math.min(...shots) }
    return level.scores(support, { map: map([query]) }, { training: false }).arraySync()[0]!
  })
}

describe.each([
  ['global', () => globalLevel()],
  ['logistic', () => logisticLevel()],
  ['ridge', () => ridgeLevel({ variant: 'metaoptnet', normalise: 'l2n' })],
  ['gda', () => gdaLevel()],
] as const)('leaving images and their classes out of %s', (_name, create) => {
  it('says what the level says of a support without them', async () => {
    const before = tf.memory().numTensors
    const level = create()
    const metric = new LevelFusion([{ level, weight: 1, temperature: 1 }])
    const features = drawn([3, 1, 4, 2])
    const classes: LabelledImages = new Map(
      features.map((rows, way) => [
        String(way),
        { map: { shape: [rows.length, 1, 1, channels], data: Float32Array.from(rows.flat()) } },
      ]),
    )
    const places = features
      .flatMap((rows, way) => rows.map((_, position): Place => [way, position]))
      .toReversed()
    const { known, strangers } = await leaveOneOutScores(metric, classes, places, {
      counts: 'neutral',
      signal: undefined,
    })
    for (const [index, [way, position]] of places.entries()) {
      const image = features[way]![position]!
      const others = features.filter((_, other) => other !== way)
      const found = strangers.levels[level.name]!.subarray(index * 3, (index + 1) * 3)
      for (const [column, score] of scoresOf(level, others, image).entries())
        expect(found[column]).toBeCloseTo(score, 3)
      if (features[way]!.length === 1) continue
      const rest = features.map((rows, other) => (other === way ? rows.toSpliced(position, 1) : rows))
      const ofKnown = known.levels[level.name]!.subarray(index * 4, (index + 1) * 4)
      for (const [column, score] of scoresOf(level, rest, image).entries())
        expect(ofKnown[column]).toBeCloseTo(score, 3)
    }
    disposeState(level.state)
    expect(tf.memory().numTensors).toBe(before)
  })
})
