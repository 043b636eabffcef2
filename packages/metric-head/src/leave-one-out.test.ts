import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import type { MetricLevel } from '@m2l/metric'
import { disposeState } from '@m2l/nn'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  cacheLevel,
  centredLevel,
  gdaLevel,
  logisticLevel,
  matchingLevel,
  nearestMeanLevel,
  probeLevel,
  ridgeLevel,
} from './index.js'

beforeAll(async () => {
  await loadEngine({ device: 'cpu' })
})

const levels: readonly (readonly [name: string, create: () => MetricLevel])[] = [
  ['nearest mean', () => nearestMeanLevel()],
  ['logistic', () => logisticLevel()],
  ['logistic with much weight on examples', () => logisticLevel({ C: 30 })],
  ['ridge of R2D2', () => ridgeLevel({ lambda: 0.5 })],
  ['ridge of MetaOptNet', () => ridgeLevel({ variant: 'metaoptnet', normalise: 'l2n' })],
  ['gda', () => gdaLevel()],
  ['gda as published', () => gdaLevel({ dimensions: 'all' })],
  ['cache', () => cacheLevel()],
  ['cache of means', () => cacheLevel({ shotsDivided: true })],
  ['matching', () => matchingLevel()],
  ['matching as released', () => matchingLevel({ similarity: 'released' })],
  ['probe', () => probeLevel()],
  ['centred', () => centredLevel()],
  ['centred, by class means', () => centredLevel({ classifier: 'nearest-mean' })],
  ['centred, by Gaussians', () => centredLevel({ classifier: 'gda' })],
  ['centred, of some channels', () => centredLevel({ lambda: 0.01, channels: [1, 6] })],
]

const channels = 7

/** Features around their classes' centres; of `twins` every class has two the same. */
function featuresOf(seed: number, shots: readonly number[], twins = false): number[][] {
  return tf.tidy(() => {
    const key = randomKey(seed)
    const classes = shots.map((shot, label) => {
      const centre = randomUniform(key.fold('centre', label), [1, channels])
      const noise = randomUniform(key.fold('noise', label), [shot, channels]).sub(0.5)
      const features = tf.add(centre, noise).arraySync() as number[][]
      return twins ? features.map((own, index) => (index === 1 ? features[0]! : own)) : features
    })
    return classes.flat()
  })
}

const context = { training: false }

function asMap(features: readonly (readonly number[])[]): tf.Tensor4D {
  return tf.tensor4d(features.flat(), [features.length, 1, 1, channels])
}

describe.each(levels)('leaving images out of %s', (_name, create) => {
  it.each([
    ['unequal numbers', [4, 2, 3], false],
    ['two examples', [2, 2], false],
    ['examples twice', [3, 2], true],
    ['classes of one', [1, 3, 1, 2], false],
    ['one class of two', [2, 1, 1], false],
  ] as const)('says what scores without them say: %s', (_case, shots, twins) => {
    const before = tf.memory().numTensors
    const level = create()
    const features = featuresOf(1, shots, twins)
    const labels = shots.flatMap((shot, label) => Array.from({ length: shot }, () => label))
    const draws = [Infinity, 1]
    const found = tf.tidy(() => {
      const map = asMap(features)
      const left = { images: features.map((_, image) => image), draws }
      return level.leaveOneOut!({ map, shots }, { map }, left, context).map((scores) => scores.arraySync())
    })
    for (const [draw, drawnShots] of draws.entries()) {
      for (const [image, own] of labels.entries()) {
        const counts = shots.map((shot, label) => (label === own ? shot - 1 : shot))
        const present = counts.flatMap((shot, label) => (shot > 0 ? [label] : []))
        const expected = tf.tidy(() =>
          level
            .scores(
              {
                map: asMap(features.toSpliced(image, 1)),
                shots: counts.filter((shot) => shot > 0),
                drawnShots,
              },
              { map: asMap([features[image]!]) },
              context,
            )
            .arraySync(),
        )[0]!
        const largest = Math.max(1, ...expected.map(Math.abs))
        expect(found[draw]![image]!.every(Number.isFinite)).toBe(true)
        for (const [position, label] of present.entries()) {
          const difference = Math.abs(found[draw]![image]![label]! - expected[position]!) / largest
          expect(difference, `image ${image}, class ${label}, drawn ${drawnShots}`).toBeLessThan(5e-4)
        }
      }
    }
    disposeState(level.state)
    expect(tf.memory().numTensors).toBe(before)
  })

  it.each([
    ['equal numbers', [3, 3, 3]],
    ['unequal numbers', [4, 2, 3]],
    ['numbers far apart', [9, 1, 4, 1, 8]],
    ['classes of one', [1, 3, 1, 2]],
    ['one example each', [1, 1, 1]],
  ] as const)('says without their classes what scores without these say: %s', (_case, shots) => {
    const level = create()
    if (!level.leaveClassOut) return
    const before = tf.memory().numTensors
    const features = featuresOf(2, shots)
    const labels = shots.flatMap((shot, label) => Array.from({ length: shot }, () => label))
    const draws = [Infinity, 1]
    const images = features.map((_, image) => image).filter((image) => image !== 1)
    const found = tf.tidy(() => {
      const map = asMap(features)
      const query = { map: asMap(images.map((image) => features[image]!)) }
      return level.leaveClassOut!({ map, shots }, query, { images, draws }, context).map((scores) =>
        scores.arraySync(),
      )
    })
    for (const [draw, drawnShots] of draws.entries()) {
      for (const [row, image] of images.entries()) {
        const own = labels[image]!
        const others = {
          map: asMap(features.filter((_, other) => labels[other] !== own)),
          shots: shots.toSpliced(own, 1),
          drawnShots,
        }
        const expected = tf.tidy(() =>
          level.scores(others, { map: asMap([features[image]!]) }, context).arraySync(),
        )[0]!
        const largest = Math.max(1, ...expected.map(Math.abs))
        const differences = found[draw]![row]!.toSpliced(own, 1).map(
          (score, position) => Math.abs(score - expected[position]!) / largest,
        )
        expect(Math.max(...differences), `image ${image}, drawn ${drawnShots}`).toBeLessThan(5e-4)
        others.map.dispose()
      }
    }
    expect(tf.memory().numTensors).toBe(before)
  })
})
