import { randomKey } from '@m2l/engine'
import { describe, expect, test } from 'vitest'
import { kMeans } from './k-means.js'
import { labelNext, type Unlabelled } from './label-next.js'

/** Three groups of points around corners, 6, 3 and 1 of them. */
const points = [
  ...[0, 1, 2, 3, 4, 5].map((index) => Float32Array.of(10 + 0.1 * index, 0)),
  ...[0, 1, 2].map((index) => Float32Array.of(0, 10 + 0.1 * index)),
  Float32Array.of(-10, -10),
]

describe('kMeans', () => {
  test('finds groups, the largest first, the point nearest to the mean of each first', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const found = kMeans(points, 3, randomKey(seed))
      expect(found.map((members) => members.toSorted((a, b) => a - b))).toEqual([
        [0, 1, 2, 3, 4, 5],
        [6, 7, 8],
        [9],
      ])
      expect([2, 3]).toContain(found[0]![0])
      expect(found[1]![0]).toBe(7)
    }
  })

  test('makes no more clusters than there are different points, and none of nothing', () => {
    expect(kMeans([Float32Array.of(1), Float32Array.of(1)], 5, randomKey(1))).toEqual([[0, 1]])
    expect(kMeans([], 3, randomKey(1))).toEqual([])
    expect(kMeans(points, 3, randomKey(7))).toEqual(kMeans(points, 3, randomKey(7)))
  })
})

describe('labelNext', () => {
  const picture = (index: number, change: Partial<Unlabelled> = {}): Unlabelled => ({
    file: `${index}.png`,
    digest: `${index}`,
    nearest: [
      { label: 'a', probability: 0.9 },
      { label: 'b', probability: 0.05 },
    ],
    familiarity: 0.8,
    feature: points[index]!,
    ...change,
  })
  const tie = [
    { label: 'a', probability: 0.4 },
    { label: 'b', probability: 0.39 },
  ]
  const pictures = points.map((_, index) => picture(index))
  pictures[4] = picture(4, { familiarity: 0.02 })
  pictures[5] = picture(5, { nearest: tie })

  test('takes what is least like the examples, hard to tell and typical of many in turn', () => {
    const found = labelNext(pictures, 4)
    expect(found.slice(0, 3)).toEqual([
      {
        file: '4.png',
        reason: 'unfamiliar',
        why: 'least like the examples (familiarity 0.02): perhaps of a class that has none',
      },
      { file: '5.png', reason: 'tie', why: 'hard to tell: a 40.0 % or b 39.0 %' },
      {
        file: expect.stringMatching(/^[23]\.png$/) as string,
        reason: 'cluster',
        why: 'typical of 6 pictures that look alike, so that its label says most about them',
      },
    ])
    expect(found).toHaveLength(4)
  })

  test('proposes each picture once, copies too, and no more than there are', () => {
    const twice = [picture(0), picture(1, { digest: '0' }), picture(6)]
    expect(
      labelNext(twice, 5)
        .map(({ file }) => file)
        .toSorted(),
    ).toEqual(['0.png', '6.png'])
    expect(labelNext([], 5)).toEqual([])
    expect(labelNext(pictures, 0)).toEqual([])
  })

  test('does without familiarity', () => {
    const found = labelNext(
      pictures.map((one) => ({ ...one, familiarity: undefined })),
      2,
    )
    expect(found.map(({ reason }) => reason)).toEqual(['tie', 'cluster'])
  })
})
