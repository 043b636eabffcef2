import { loadEngine, tf } from '@m2l/engine'
import { beforeAll, expect, it } from 'vitest'
import { globalLevel } from './index.js'

beforeAll(async () => {
  await loadEngine()
})

const context = { training: false }
const map = (values: number[], images: number) =>
  tf.tensor4d(values, [images, 1, 2, values.length / images / 2])

it('by distance a position speaks against a class by how far it leads away from it', async () => {
  // One channel: the query is 1 on average, the prototypes 0 and 4.
  const support = { map: map([0, 0, 4, 4], 2), shots: [1, 1] }
  const [first, second] = await globalLevel().explain!(support, { map: map([-1, 3], 1) }, context)
  expect(first!.score).toBeCloseTo(-1, 5)
  expect(first!.query.images[0]!.values).toEqual([0.5, -1.5])
  expect(second!.score).toBeCloseTo(-9, 5)
  expect(second!.query.images[0]!.values).toEqual([-7.5, -1.5])
  expect(second!.support.images).toEqual([{ image: 1, values: [-4.5, -4.5] }])
})

it('by cosine a position speaks for a class as far as it points its way', async () => {
  const support = { map: map([1, 0, 1, 0, 0, 1, 0, 1], 2), shots: [1, 1] }
  const level = globalLevel({ similarity: 'cosine' })
  const [first, second] = await level.explain!(support, { map: map([6, 0, 0, 8], 1) }, context)
  expect(first!.query.images[0]!.values[0]).toBeCloseTo(0.6, 5)
  expect(first!.query.images[0]!.values[1]).toBeCloseTo(0, 5)
  expect(second!.query.images[0]!.values[1]).toBeCloseTo(0.8, 5)
})

it('tells what unlabelled images add where they refine prototypes', async () => {
  const support = { map: map([0, 0, 8, 8], 2), shots: [1, 1], unlabelled: { map: map([2, 2], 1) } }
  const [first] = await globalLevel({ refine: 'soft' }).explain!(support, { map: map([1, 1], 1) }, context)
  // The unlabelled image is of the first class: its prototype is the mean of 0 and 2, where the query is.
  expect(first!.score).toBeCloseTo(0, 4)
  expect(first!.support.images.map(({ image, unlabelled }) => [image, unlabelled])).toEqual([
    [0, undefined],
    [0, true],
  ])
})
