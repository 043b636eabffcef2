import { loadEngine, randomKey, randomUniform, tf } from '@m2l/engine'
import { beforeAll, describe, expect, it } from 'vitest'
import { centredLevel, gdaLevel } from './index.js'

beforeAll(async () => {
  await loadEngine({ device: 'cpu' })
})

const channels = 12
const context = { training: false }

/** Classes around their centres, and what all have in common beside them. */
function mapOf(seed: number, shots: readonly number[], noisiness = 0.5, common = 3): tf.Tensor4D {
  return tf.tidy(() => {
    const rows = shots.map((shot, label) => {
      const centre = randomUniform(randomKey(5).fold('centre', label), [1, channels])
      const noise = randomUniform(randomKey(seed).fold('noise', label), [shot, channels]).sub(0.5)
      return tf.add(tf.add(centre, common), tf.mul(noise, noisiness))
    })
    return tf.concat(rows).reshape<tf.Tensor4D>([-1, 1, 1, channels])
  })
}

/** The scores of queries, four of each class, row by row. */
function scoresOf(
  options: Parameters<typeof centredLevel>[0],
  shots: readonly number[],
  seed = 1,
  noisiness?: number,
): number[][] {
  return tf.tidy(() => {
    const fours = shots.map(() => 4)
    const support = { map: mapOf(seed, shots, noisiness), shots, drawnShots: Math.min(...shots) }
    return centredLevel(options)
      .scores(support, { map: mapOf(seed + 1, fours, noisiness) }, context)
      .arraySync()
  })
}

/** The share of queries, four of each class in turn, that are right. */
function accuracyOf(scores: readonly (readonly number[])[]): number {
  const right = scores.filter((row, query) => row.indexOf(Math.max(...row)) === Math.floor(query / 4))
  return right.length / scores.length
}

describe('the centred level', () => {
  it('of one example a class is the negative squared distance of unit features less the mean of the examples', () => {
    const shots = [1, 1, 1]
    const unit = (row: readonly number[]) => {
      const length = Math.hypot(...row)
      return row.map((value) => value / length)
    }
    const rowsOf = (map: tf.Tensor4D) => (map.reshape([-1, channels]).arraySync() as number[][]).map(unit)
    const [support, query] = tf.tidy(() => [rowsOf(mapOf(1, shots)), rowsOf(mapOf(2, [4, 4, 4]))]) as [
      number[][],
      number[][],
    ]
    const mean = support[0]!.map((_, channel) => support.reduce((sum, row) => sum + row[channel]! / 3, 0))
    const centred = (row: readonly number[]) => unit(row.map((value, channel) => value - mean[channel]!))
    const expected = query.map((row) =>
      support.map((example) => {
        const [q, s] = [centred(row), centred(example)]
        return -q.reduce((sum, value, channel) => sum + (value - s[channel]!) ** 2, 0)
      }),
    )
    for (const [index, row] of scoresOf({}, shots).entries())
      for (const [way, score] of row.entries()) expect(score).toBeCloseTo(expected[index]![way]!, 3)
  })

  it('tells classes apart that are alike but for a little, with one example or more', () => {
    expect(accuracyOf(scoresOf({}, [1, 1, 1, 1]))).toBeGreaterThan(0.6)
    expect(accuracyOf(scoresOf({}, [8, 8, 8, 8]))).toBeGreaterThan(0.9)
    expect(accuracyOf(scoresOf({}, [8, 2, 5, 1]))).toBeGreaterThan(0.6)
  })

  it.each(['ridge', 'gda', 'nearest-mean'] as const)(
    'takes new images for a class of one example as it does beside classes of one: %s',
    (classifier) => {
      const shareOfFirst = (shots: readonly number[]) => {
        const seeds = Array.from({ length: 12 }, (_, seed) => seed + 10)
        const rows = seeds.flatMap((seed) => scoresOf({ classifier }, shots, seed, 1).slice(0, 4))
        return rows.filter((row) => row.indexOf(Math.max(...row)) === 0).length / rows.length
      }
      const amongEqual = shareOfFirst([1, 1])
      expect(amongEqual).toBeGreaterThan(0.7)
      expect(shareOfFirst([1, 20])).toBeGreaterThan(amongEqual - 0.1)
      expect(shareOfFirst([1, 20, 20, 20])).toBeGreaterThan(shareOfFirst([1, 1, 1, 1]) - 0.1)
    },
  )

  it('loses nothing between classes of many examples by a class of one', () => {
    const [alone, beside] = [
      [20, 20, 20],
      [20, 20, 20, 1],
    ].map((shots) => {
      const rows = scoresOf({}, shots, 3, 1.5).slice(0, 12)
      return rows.map((row) => row.slice(0, 3))
    }) as [number[][], number[][]]
    for (const [index, row] of beside.entries()) {
      const order = [0, 1, 2].toSorted((a, b) => row[b]! - row[a]!)
      const expected = [0, 1, 2].toSorted((a, b) => alone[index]![b]! - alone[index]![a]!)
      expect(order).toEqual(expected)
    }
  })

  it('says the same in whatever order classes come', () => {
    const shots = [1, 2, 5, 9]
    const order = [2, 0, 3, 1]
    const map = mapOf(4, shots)
    const query = { map: mapOf(2, [1, 1, 1, 1]) }
    const starts = shots.map((_, label) => shots.slice(0, label).reduce((sum, shot) => sum + shot, 0))
    const rows = order.flatMap((label) =>
      Array.from({ length: shots[label]! }, (_, row) => starts[label]! + row),
    )
    const turned = { map: tf.gather(map, rows) as tf.Tensor4D, shots: order.map((label) => shots[label]!) }
    for (const classifier of ['ridge', 'gda', 'nearest-mean'] as const) {
      const [first, second] = tf.tidy(() =>
        [{ map, shots }, turned].map((support) =>
          centredLevel({ classifier })
            .scores({ ...support, drawnShots: 1 }, query, context)
            .arraySync(),
        ),
      ) as [number[][], number[][]]
      for (const [index, row] of second.entries())
        for (const [way, score] of row.entries()) expect(score).toBeCloseTo(first[index]![order[way]!]!, 3)
    }
  })

  it('is by Gaussians what the Gaussian level says of features that are centred already', () => {
    const shots = [4, 3, 5]
    const [found, expected] = tf.tidy(() => {
      const [support, query] = [mapOf(1, shots), mapOf(2, [2, 2, 2])]
      const unit = (map: tf.Tensor) => tf.div(map, tf.norm(map, 2, 3, true))
      const mean = tf.mean(unit(support), 0, true)
      const centred = (map: tf.Tensor) => unit(tf.sub(unit(map), mean)) as tf.Tensor4D
      const own = centredLevel({ classifier: 'gda' })
      const gaussian = gdaLevel({ dimensions: 'all' })
      const scored = [
        own.scores({ map: support, shots }, { map: query }, context),
        gaussian.scores({ map: centred(support), shots }, { map: centred(query) }, context),
      ]
      // what is added to all classes alike, and a factor, tell nothing apart
      return scored.map((scores) => {
        const apart = tf.sub(scores, tf.mean(scores, 1, true))
        return tf.div(apart, tf.max(tf.abs(apart))).arraySync()
      }) as number[][][]
    }) as [number[][], number[][]]
    for (const [index, row] of found.entries())
      for (const [way, score] of row.entries()) expect(score).toBeCloseTo(expected[index]![way]!, 3)
  })

  it('sees the channels that it is told, and no others', () => {
    const shots = [3, 3]
    const some = tf.tidy(() => {
      const cut = (map: tf.Tensor4D) => map.slice([0, 0, 0, 2], [-1, -1, -1, 6])
      const query = cut(mapOf(2, [4, 4]))
      return centredLevel()
        .scores({ map: cut(mapOf(1, shots)), shots }, { map: query }, context)
        .arraySync()
    })
    expect(scoresOf({ channels: [2, 8] }, shots)).toEqual(some)
  })

  it.each([
    ['ridge', 0.05],
    ['nearest-mean', 0.05],
    ['gda', 0.5],
  ] as const)(
    'says of many examples nearly what it says when they are solved anew: %s',
    (classifier, most) => {
      const shots = [60, 35, 25]
      const images = [0, 17, 59, 60, 100, 119]
      const difference = tf.tidy(() => {
        const map = mapOf(3, shots)
        const left = { images, draws: [25] }
        const query = { map: tf.gather(map, images) as tf.Tensor4D }
        const [found] = centredLevel({ classifier }).leaveOneOut!({ map, shots }, query, left, context)
        const labels = shots.flatMap((shot, label) => Array.from({ length: shot }, () => label))
        const expected = images.map((image) => {
          const kept = labels.flatMap((_, row) => (row === image ? [] : [row]))
          const remaining = shots.map((shot, label) => (label === labels[image] ? shot - 1 : shot))
          const others = { map: tf.gather(map, kept) as tf.Tensor4D, shots: remaining, drawnShots: 25 }
          const one = { map: tf.gather(map, [image]) as tf.Tensor4D }
          return centredLevel({ classifier }).scores(others, one, context)
        })
        return tf.max(tf.abs(tf.sub(found!, tf.concat(expected)))).dataSync()[0]!
      })
      expect(difference).toBeLessThan(most)
      expect(difference).toBeGreaterThan(0)
    },
  )

  it('makes numbers of examples that are all the same picture', () => {
    const scores = tf.tidy(() => {
      const map = tf.ones([4, 1, 1, channels]) as tf.Tensor4D
      return centredLevel()
        .scores({ map, shots: [2, 2] }, { map }, context)
        .arraySync()
    })
    for (const row of scores) expect(Math.abs(row[0]! - row[1]!)).toBeLessThan(0.2)
  })

  it('leaves no tensor behind and passes gradients on', () => {
    const [map, query] = [mapOf(1, [2, 3]), mapOf(2, [1, 1])]
    const before = tf.memory().numTensors
    const gradient = tf.grad((x) =>
      centredLevel()
        .scores({ map: x as tf.Tensor4D, shots: [2, 3] }, { map: query }, context)
        .square()
        .sum(),
    )(map)
    expect(gradient.abs().sum().dataSync()[0]).toBeGreaterThan(0)
    gradient.dispose()
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 2)
    tf.dispose([map, query])
  })
})
