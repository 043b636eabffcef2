import { randomKey } from '@m2l/engine'
import { sampleManifest } from '@m2l/samplers'
import { expect, it } from 'vitest'
import { episodesByShots } from './episodes-by-shots.js'

const split = (images: number) => ({
  name: 'test',
  hash: 'abc',
  classes: Array.from({ length: 6 }, (_, index) => ({
    name: `class ${index}`,
    images: Array.from({ length: images }, (__, image) => ({ id: `${index}/${image}` })),
  })),
})

const shape = { ways: 3, queries: 5, episodes: 10, key: randomKey(1) }

it('draws as many shots as classes have images for, with fewer queries where it must', () => {
  const drawn = (images: number, shots: number) => {
    const of = split(images)
    return episodesByShots(sampleManifest('set', of, { ...shape, shots }), of, 7)
  }
  const counts = (images: number, shots: number) => drawn(images, shots).map((of) => [of.shots, of.queries])
  expect(counts(30, 1)).toEqual([1, 2, 3, 5, 10].map((shots) => [shots, 5]))
  expect(counts(30, 4).map(([shots]) => shots)).toEqual([1, 2, 3, 4, 5, 10])
  expect(counts(8, 1)).toEqual([
    [1, 5],
    [2, 5],
    [3, 5],
    [5, 3],
  ])
  for (const { shots, queries, episodes } of drawn(8, 1)) {
    expect(episodes).toHaveLength(10)
    for (const { support, query } of episodes) {
      expect(support.map(({ length }) => length)).toEqual([shots, shots, shots])
      expect(query.map(({ length }) => length)).toEqual([queries, queries, queries])
    }
  }
  const [first, ...others] = drawn(30, 1).map(({ episodes }) => episodes.map(({ classes }) => classes))
  for (const other of others) expect(other).toEqual(first)
  expect(drawn(30, 1)).toEqual(drawn(30, 1))
})

it('keeps semi-supervised episodes what they are, from the same labelled images', () => {
  const of = split(40)
  const unlabelled = { perClass: 4, distractorClasses: 1, labelledShare: 0.4, divisionKey: randomKey(2) }
  const manifest = sampleManifest('set', of, { ...shape, shots: 1, unlabelled })
  const byShots = episodesByShots(manifest, of, 7)
  expect(byShots.map(({ shots, queries }) => [shots, queries])).toEqual([
    [1, 5],
    [2, 5],
    [3, 5],
    [5, 5],
    [10, 5],
  ])
  const imagesOf = (episodes: typeof manifest.episodes, role: 'labelled' | 'unlabelled') =>
    episodes.flatMap(({ classes, support, query, unlabelled: others }) =>
      role === 'unlabelled'
        ? others!.map(([ofClass, image]) => `${ofClass}/${image}`)
        : [support, query].flatMap((each) =>
            each.flatMap((images, way) => images.map((image) => `${classes[way]}/${image}`)),
          ),
    )
  const drawn = byShots.flatMap(({ episodes }) => episodes)
  const labelled = new Set([...imagesOf(drawn, 'labelled'), ...imagesOf(manifest.episodes, 'labelled')])
  const others = [...imagesOf(drawn, 'unlabelled'), ...imagesOf(manifest.episodes, 'unlabelled')]
  expect(others.filter((image) => labelled.has(image))).toEqual([])
})
