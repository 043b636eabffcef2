import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError, randomKey } from '@m2l/engine'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  assertManifestMatches,
  divideClass,
  episodeAt,
  isDistractor,
  readManifest,
  sampleEpisodes,
  sampleManifest,
  sliceManifest,
  writeManifest,
  type Episode,
  type EpisodeSource,
} from './index.js'
import { splitOf } from './split.test.helper.js'
import type { EpisodeSplit } from './possible-episodes.js'

const divisionKey = randomKey(9).fold('division')

/** A split together with a shape of semi-supervised episodes that it can give. */
const possible = fc
  .record({
    shots: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 4 }),
    queries: fc.integer({ min: 1, max: 3 }),
    perClass: fc.integer({ min: 1, max: 6 }),
    distractorClasses: fc.integer({ min: 0, max: 3 }),
    labelledShare: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
    seed: fc.maxSafeNat(),
  })
  .chain(({ shots, queries, perClass, distractorClasses, labelledShare, seed }) => {
    const labelled = Math.ceil((Math.max(...shots) + queries) / labelledShare) + 1
    const fewest = Math.max(labelled, Math.ceil(perClass / (1 - labelledShare)) + 1)
    const count = fc.integer({ min: fewest, max: fewest + 10 })
    const unlabelled = { perClass, distractorClasses, labelledShare, divisionKey: randomKey(seed).fold('d') }
    const classes = shots.length + distractorClasses
    return fc.array(count, { minLength: classes, maxLength: classes + 4 }).map((counts) => ({
      split: splitOf(counts),
      options: { ways: shots.length, shots, queries, key: randomKey(seed), unlabelled },
    }))
  })

const named = (classIndex: number, image: number) => `${classIndex}/${image}`

describe('the division of a class', () => {
  test('gives every image one side, the share of it rounded down to the labelled', () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true })
    fc.assert(
      fc.property(fc.nat(50), share, fc.maxSafeNat(), (length, labelledShare, seed) => {
        const division = { labelledShare, divisionKey: randomKey(seed) }
        const { labelled, unlabelled } = divideClass({ name: 'ant', images: { length } }, division)
        expect(labelled).toHaveLength(Math.floor(length * labelledShare))
        expect([...labelled, ...unlabelled].toSorted((a, b) => a - b)).toEqual(
          Array.from({ length }, (_, image) => image),
        )
      }),
    )
  })

  test('depends on the key and the class alone', () => {
    const labelled = (name: string, key = divisionKey) =>
      divideClass({ name, images: { length: 100 } }, { labelledShare: 0.4, divisionKey: key }).labelled
    expect(labelled('ant')).toEqual(labelled('ant'))
    expect(labelled('ant')).not.toEqual(labelled('bee'))
    expect(labelled('ant')).not.toEqual(labelled('ant', randomKey(1)))
  })

  test('is the same in every episode of every stream, wherever the class stands in its split', () => {
    const unlabelled = { perClass: 2, distractorClasses: 1, labelledShare: 0.5, divisionKey }
    const split = splitOf([10, 10, 10, 10])
    const turned = { ...split, classes: split.classes.toReversed() }
    const sides = (source: EpisodeSplit, seed: number) => {
      const found = { labelled: new Set<string>(), unlabelled: new Set<string>() }
      const shape = { ways: 2, shots: 1, queries: 2, unlabelled, key: randomKey(seed), episodes: 200 }
      for (const episode of sampleEpisodes(source, shape)) {
        const name = (classIndex: number, image: number) => `${source.classes[classIndex]!.name}/${image}`
        for (const image of episode.unlabelled!) found.unlabelled.add(name(...image))
        episode.classes.forEach((classIndex, way) => {
          for (const image of [...episode.support[way]!, ...episode.query[way]!]) {
            found.labelled.add(name(classIndex, image))
          }
        })
      }
      return { labelled: [...found.labelled].toSorted(), unlabelled: [...found.unlabelled].toSorted() }
    }
    const once = sides(split, 1)
    expect([...once.labelled, ...once.unlabelled]).toHaveLength(40)
    expect(sides(split, 2)).toEqual(once)
    expect(sides(turned, 3)).toEqual(once)
  })
})

describe('a semi-supervised episode', () => {
  test('gives no image two roles and keeps to the division', () => {
    fc.assert(
      fc.property(possible, fc.nat(), ({ split, options }, index) => {
        const episode = episodeAt(split, options, index)
        const { classes, support, query, unlabelled } = episode
        const division = (classIndex: number) => divideClass(split.classes[classIndex]!, options.unlabelled)
        const labelled = classes.flatMap((classIndex, way) => {
          const images = [...support[way]!, ...query[way]!]
          for (const image of images) expect(division(classIndex).labelled).toContain(image)
          return images.map((image) => named(classIndex, image))
        })
        for (const [classIndex, image] of unlabelled!) {
          expect(division(classIndex).unlabelled).toContain(image)
        }
        const all = [...labelled, ...unlabelled!.map((image) => named(...image))]
        expect(new Set(all).size).toBe(all.length)
      }),
    )
  })

  test('has so many images of each of its classes and of each distractor class', () => {
    fc.assert(
      fc.property(possible, fc.nat(), ({ split, options }, index) => {
        const episode = episodeAt(split, options, index)
        const { perClass, distractorClasses } = options.unlabelled
        const counts = new Map<number, number>()
        for (const [classIndex] of episode.unlabelled!) {
          counts.set(classIndex, (counts.get(classIndex) ?? 0) + 1)
        }
        expect([...counts.values()]).toEqual(Array.from(counts, () => perClass))
        expect(counts.size).toBe(options.ways + distractorClasses)
        for (const classIndex of episode.classes) expect(counts.has(classIndex)).toBe(true)
        expect(episode.unlabelled!.filter((image) => isDistractor(episode, image))).toHaveLength(
          perClass * distractorClasses,
        )
      }),
    )
  })

  test('depends on key and index only, so that any slice can be drawn alone', () => {
    fc.assert(
      fc.property(possible, fc.nat(1000), ({ split, options }, first) => {
        const slice = sampleEpisodes(split, { ...options, first, episodes: 3 })
        expect(slice).toEqual([0, 1, 2].map((step) => episodeAt(split, options, first + step)))
      }),
      { numRuns: 50 },
    )
  })

  test('has the same ways, support and query whatever its unlabelled images, so that results pair', () => {
    fc.assert(
      fc.property(possible, fc.nat(), ({ split, options }, index) => {
        const { unlabelled: many, ...labelled } = episodeAt(split, options, index)
        const without = { ...options, unlabelled: { ...options.unlabelled, distractorClasses: 0 } }
        const { unlabelled: fewer, ...same } = episodeAt(split, without, index)
        expect(same).toEqual(labelled)
        expect(new Set(many)).toEqual(
          new Set([...fewer!, ...many!.filter((image) => isDistractor({ ...labelled }, image))]),
        )
      }),
    )
  })

  test('mixes the classes of its unlabelled images', () => {
    const unlabelled = { perClass: 20, distractorClasses: 0, labelledShare: 0.4, divisionKey }
    const options = { ways: 2, shots: 1, queries: 1, key: randomKey(1), unlabelled }
    const { classes, unlabelled: images } = episodeAt(splitOf([40, 40, 40]), options, 0)
    const ofFirst = images!.map(([classIndex]) => classIndex === classes[0])
    expect(ofFirst.slice(0, 20).filter(Boolean).length).toBeGreaterThan(3)
    expect(ofFirst.slice(20).filter(Boolean).length).toBeGreaterThan(3)
  })
})

describe('what cannot be drawn is refused in one line', () => {
  const unlabelled = { perClass: 8, distractorClasses: 0, labelledShare: 0.4, divisionKey }
  const fair = { ways: 3, shots: 1, queries: 5, key: randomKey(1), episodes: 1 }

  test.each<[string, number[], Partial<typeof unlabelled>, string]>([
    [
      'too few classes for the distractors',
      [20, 20, 20, 20],
      { distractorClasses: 2 },
      'split train: has 4 classes, but an episode needs 5 (3 ways + 2 distractors); ' +
        'lower the ways or the distractor classes or use a split with more classes',
    ],
    [
      'a class with too few labelled images',
      [20, 20, 14],
      {},
      'split train: class class2 has 5 labelled images of its 14 (a share of 0.4 is labelled), but an episode needs ' +
        '6 (1 support + 5 query); lower shots or queries, raise the labelled share, add images or leave the class out',
    ],
    [
      'a class with too few unlabelled images',
      [20, 18, 20],
      { perClass: 12 },
      'split train: class class1 has 11 unlabelled images of its 18 (a share of 0.4 is labelled), but an episode ' +
        'needs 12; lower the unlabelled images or the labelled share, add images or leave the class out',
    ],
    [
      'no unlabelled images',
      [20, 20, 20],
      { perClass: 0 },
      'unlabelled images of a class: 0 is not usable; give a whole number of at least 1',
    ],
    [
      'half a distractor class',
      [20, 20, 20],
      { distractorClasses: 0.5 },
      'distractor classes: 0.5 is not usable; give a whole number of at least 0',
    ],
  ])('%s', (_, counts, change, message) => {
    const source: EpisodeSource = splitOf(counts)
    const options = { ...fair, unlabelled: { ...unlabelled, ...change } }
    expect(() => sampleEpisodes(source, options)).toThrow(new InputError(message))
  })

  test.each([0, 1, Number.NaN])('a labelled share of %s', (labelledShare) => {
    const options = { ...fair, unlabelled: { ...unlabelled, labelledShare } }
    expect(() => sampleEpisodes(splitOf([20, 20, 20]), options)).toThrow(
      new InputError(`labelled share: ${labelledShare} is not usable; give a number above 0 and below 1`),
    )
  })
})

describe('a manifest of semi-supervised episodes', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'm2l-semi-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const split = splitOf(Array.from({ length: 8 }, () => 10))
  const options = {
    ways: 2,
    shots: 1,
    queries: 2,
    key: randomKey(1),
    unlabelled: { perClass: 2, distractorClasses: 1, labelledShare: 0.4, divisionKey },
    episodes: 3,
  }
  const manifest = sampleManifest('toys', split, options)

  test('comes back from its file as it was written, with its slices', async () => {
    await fc.assert(
      fc.asyncProperty(possible, fc.nat(3), async ({ split: source, options: shape }, episodes) => {
        const drawn = sampleManifest('toys', source, { ...shape, episodes })
        await writeManifest(join(folder, 'round.jsonl'), drawn)
        const read = await readManifest(join(folder, 'round.jsonl'))
        expect(read).toEqual(drawn)
        assertManifestMatches(read, source)
      }),
      { numRuns: 20 },
    )
    expect(sliceManifest(manifest, 1)).toEqual(
      sampleManifest('toys', split, { ...options, first: 1, episodes: 2 }),
    )
  })

  test('has the same bytes always: these are written down', async () => {
    const file = join(folder, 'bytes.jsonl')
    await writeManifest(file, sliceManifest(manifest, 0, 2))
    expect(await readFile(file, 'utf8')).toMatchInlineSnapshot(`
      "{"format":"m2l-episodes","version":2,"dataset":"toys","split":"train","splitHash":"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e","ways":2,"shots":1,"queries":2,"key":[1,0],"first":0,"episodes":2,"unlabelled":{"perClass":2,"distractorClasses":1,"labelledShare":0.4,"divisionKey":[-515518026,-1084452532]},"sha256":"f7f00e768eb8d4578e611e0da9462a7eadda6a9b928cb61291eafee680d63784"}
      {"classes":[4,7],"support":[[1],[6]],"query":[[0,6],[9,8]],"unlabelled":[[7,5],[4,4],[7,4],[4,9],[1,2],[1,4]]}
      {"classes":[0,3],"support":[[3],[8]],"query":[[7,9],[1,5]],"unlabelled":[[3,3],[3,6],[0,0],[0,6],[2,5],[2,8]]}
      "
    `)
  })

  const changedBy = (change: (episode: Episode) => Episode) => () =>
    assertManifestMatches({ ...manifest, episodes: [change(manifest.episodes[0]!)] }, split)

  test.each<[string, (episode: Episode) => Episode, RegExp]>([
    [
      'a labelled image among the unlabelled',
      (episode) => {
        const [[classIndex], ...others] = episode.unlabelled as [readonly [number, number]]
        const used = new Set([...episode.support.flat(), ...episode.query.flat()])
        const { labelled } = divideClass(split.classes[classIndex]!, options.unlabelled)
        return { ...episode, unlabelled: [[classIndex, labelled.find((i) => !used.has(i))!], ...others] }
      },
      /episode 0: image \d of class class\d is unlabelled in the episode, but of the labelled share$/,
    ],
    [
      'an unlabelled image as support',
      (episode) => {
        const { unlabelled } = divideClass(split.classes[episode.classes[0]!]!, options.unlabelled)
        const used = new Set(
          episode.unlabelled!.flatMap(([of, image]) => (of === episode.classes[0] ? [image] : [])),
        )
        const free = unlabelled.find((image) => !used.has(image))!
        return { ...episode, support: [[free], episode.support[1]!] }
      },
      /episode 0: image \d of class class\d is support or query, but not of the labelled share$/,
    ],
    [
      'a support image among the unlabelled',
      (episode) => ({
        ...episode,
        unlabelled: episode.unlabelled!.map((image, position, all) =>
          position === all.findIndex(([of]) => of === episode.classes[0])
            ? ([episode.classes[0]!, episode.support[0]![0]!] as const)
            : image,
        ),
      }),
      /an unlabelled image of class \d occurs twice/,
    ],
    [
      'too few unlabelled images',
      (episode) => ({ ...episode, unlabelled: episode.unlabelled!.slice(1) }),
      /expected 2 unlabelled images of class \d, got 1/,
    ],
    [
      'no distractors',
      (episode) => ({ ...episode, unlabelled: episode.unlabelled!.filter((i) => !isDistractor(episode, i)) }),
      /expected distractor classes: 1, got 0/,
    ],
    [
      'a class that the split does not have',
      (episode) => ({
        ...episode,
        unlabelled: episode.unlabelled!.map((image) =>
          isDistractor(episode, image) ? ([8, image[1]] as const) : image,
        ),
      }),
      /class 8 does not exist, split train has 8/,
    ],
  ])('with %s is refused', (_, change, message) => {
    expect(changedBy((episode) => episode)).not.toThrow()
    expect(changedBy(change)).toThrow(InputError)
    expect(changedBy(change)).toThrow(message)
  })

  test.each<[string, (text: string) => string, RegExp]>([
    [
      'with version 1',
      (text) => text.replace('"version":2', '"version":1'),
      /line 1: .*unlabelled: expected/,
    ],
    [
      'without its description of the unlabelled images',
      (text) => text.replace(/,"unlabelled":\{.*?\}/, ''),
      /line 1: .*unlabelled: expected with version 2 and only there/,
    ],
    [
      'with an edited division',
      (text) => text.replace('"labelledShare":0.4', '"labelledShare":0.5'),
      /line 1: .*SHA-256/,
    ],
    [
      'with a supervised episode',
      (text) => text.replace(/,"unlabelled":\[.*\]/, ''),
      /line 2: expected distractor classes: 1, got 0/,
    ],
  ])('%s is refused when it is read', async (_, change, message) => {
    const file = join(folder, 'changed.jsonl')
    await writeManifest(file, manifest)
    await writeFile(file, change(await readFile(file, 'utf8')))
    await expect(readManifest(file)).rejects.toThrow(message)
  })

  test('whose episodes are said to be supervised is refused', () => {
    const { unlabelled: _unlabelled, ...supervised } = manifest
    expect(() => assertManifestMatches(supervised, split)).toThrow(
      'episode 0: has unlabelled images, but the episodes are supervised',
    )
  })
})
