import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError, randomKey } from '@m2l/engine'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type EpisodeManifest,
  assertManifestMatches,
  readManifest,
  sampleEpisodes,
  sampleManifest,
  sliceManifest,
  writeManifest,
} from './index.js'
import { splitOf } from './split.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-manifest-'))
})
afterAll(() => rm(folder, { recursive: true }))

const split = splitOf(new Array<number>(8).fill(10), 'test')
const options = { ways: 3, shots: [1, 2, 1], queries: 2, key: randomKey(1), episodes: 6 }
const manifest = sampleManifest('toys', split, options)

describe('a manifest', () => {
  test('comes back from its file as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          ways: fc.integer({ min: 2, max: 6 }),
          shots: fc.integer({ min: 1, max: 4 }),
          queries: fc.integer({ min: 1, max: 4 }),
          episodes: fc.nat(5),
          first: fc.nat(1e6),
          key: fc.maxSafeNat().map(randomKey),
        }),
        fc.string(),
        async (shape, dataset) => {
          const drawn = sampleManifest(dataset, split, shape)
          await writeManifest(join(folder, 'round.jsonl'), drawn)
          expect(await readManifest(join(folder, 'round.jsonl'))).toEqual(drawn)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('holds the episodes of its key, and a slice of it those of the stream from there', () => {
    expect(manifest.episodes).toEqual(sampleEpisodes(split, options))
    expect(sliceManifest(manifest, 2, 5)).toEqual(
      sampleManifest('toys', split, { ...options, first: 2, episodes: 3 }),
    )
    expect(sliceManifest(manifest, 0)).toEqual(manifest)
    expect(sliceManifest(manifest, 9).episodes).toEqual([])
  })

  test('has the same bytes always: these are written down', async () => {
    const file = join(folder, 'bytes.jsonl')
    await writeManifest(file, sliceManifest(manifest, 0, 2))
    expect(await readFile(file, 'utf8')).toMatchInlineSnapshot(`
      "{"format":"m2l-episodes","version":1,"dataset":"toys","split":"test","splitHash":"5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e","ways":3,"shots":[1,2,1],"queries":2,"key":[1,0],"first":0,"episodes":2,"sha256":"cad6936adb61beac841db22eb7b99f9653f4060be272988131c209bbb376e185"}
      {"classes":[4,7,3],"support":[[0],[7,2],[1]],"query":[[1,5],[5,8],[5,9]]}
      {"classes":[0,3,4],"support":[[6],[6,4],[4]],"query":[[7,0],[0,7],[0,2]]}
      "
    `)
  })

  test('may have had its line ends changed on the way', async () => {
    const file = join(folder, 'crlf.jsonl')
    await writeManifest(file, manifest)
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('\n', '\r\n'))
    expect(await readManifest(file)).toEqual(manifest)
  })

  test('leaves nothing but itself in the folder', async () => {
    const own = await mkdtemp(join(folder, 'own-'))
    await writeManifest(join(own, 'episodes.jsonl'), manifest)
    await writeManifest(join(own, 'episodes.jsonl'), manifest)
    expect(await readdir(own)).toEqual(['episodes.jsonl'])
  })
})

describe('assertManifestMatches', () => {
  test('accepts the split that the episodes were drawn from', () => {
    expect(() => assertManifestMatches(manifest, split)).not.toThrow()
  })

  test('refuses another split', () => {
    expect(() => assertManifestMatches(manifest, { ...split, name: 'val', hash: 'ab'.repeat(32) })).toThrow(
      new InputError(
        'manifest of toys test (5e5e5e5e5e5e…) does not fit split val (abababababab…): their classes or images ' +
          'differ; use the data and split file it was drawn from, or draw a new manifest',
      ),
    )
  })

  test('refuses indices that the split does not have', () => {
    const [episode, ...others] = manifest.episodes
    const foreign = { ...episode!, classes: [0, 1, 8] }
    expect(() => assertManifestMatches({ ...manifest, episodes: [foreign, ...others] }, split)).toThrow(
      /episode 0: class 8 does not exist, split test has 8/,
    )
    const beyond = { ...episode!, query: [[98, 99], ...episode!.query.slice(1)] }
    expect(() => assertManifestMatches({ ...manifest, episodes: [...others, beyond] }, split)).toThrow(
      /episode 5: image 99 of class class\d does not exist, the class has 10/,
    )
  })

  test('refuses an episode of more images than fit into one call', () => {
    const shots = 300_000
    const images = Array.from({ length: shots }, (_, index) => index)
    const episode = { classes: [0, 1], support: [images, images], query: [[shots], [shots]] }
    const many = { ...manifest, ways: 2, shots, queries: 1, episodes: [episode] }
    expect(() => assertManifestMatches(many, split)).toThrow('image 300000 of class class0 does not exist')
  })
})

describe('a file that is no whole manifest is refused with its name and line', () => {
  async function changed(change: (lines: string[]) => string[] | string): Promise<string> {
    const file = join(folder, 'changed.jsonl')
    await writeManifest(file, manifest)
    const result = change((await readFile(file, 'utf8')).split('\n'))
    await writeFile(file, typeof result === 'string' ? result : result.join('\n'))
    return file
  }

  test.each<[string, (lines: string[]) => string[] | string, RegExp]>([
    ['empty', () => '', /changed\.jsonl: line 1: expected the header of an episode manifest as JSON/],
    ['text', () => 'hello\nworld\n', /line 1: expected the header/],
    [
      'other JSON lines',
      () => '{"a":1}\n',
      /line 1: expected the header of an episode manifest, but format: /,
    ],
    [
      'of a later version',
      ([head, ...rest]) => [head!.replace('"version":1', '"version":3'), ...rest],
      /version: /,
    ],
    [
      'cut off between lines',
      (lines) => lines.slice(0, 4).join('\n') + '\n',
      /line 4: the file is cut off here; expected 6/,
    ],
    ['cut off within a line', (lines) => lines.join('\n').slice(0, -9), /line 7: the file is cut off here/],
    [
      'longer',
      (lines) => [...lines.slice(0, -1), lines[1]!, ''],
      /line 8: expected the end of the file after 6/,
    ],
    [
      'with a broken line',
      (lines) => lines.with(3, lines[3]!.slice(1)),
      /line 4: expected an episode as JSON/,
    ],
    [
      'with a foreign line',
      (lines) => lines.with(3, '{"classes":[1]}'),
      /line 4: expected an episode, but support: /,
    ],
    [
      'with an edited episode',
      (lines) => lines.with(2, lines[2]!.replace(/"classes":\[\d/, '"classes":[7')),
      /line (1: the content does not have the SHA-256|3: a class occurs twice)/,
    ],
    [
      'with an image in support and query',
      (lines) => {
        const episode = JSON.parse(lines[2]!)
        episode.query[0][0] = episode.support[0][0]
        return lines.with(2, JSON.stringify(episode))
      },
      /line 3: an image of way 0 occurs twice/,
    ],
    ['with an edited header', ([head, ...rest]) => [head!.replace('"toys"', '"dogs"'), ...rest], /SHA-256/],
    ['with episodes exchanged', ([head, a, b, ...rest]) => [head!, b!, a!, ...rest], /line 1: .*SHA-256/],
  ])('%s', async (_, change, message) => {
    const file = await changed(change)
    const error = await readManifest(file).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(InputError)
    expect((error as InputError).message).toMatch(message)
    expect((error as InputError).message).not.toContain('\n')
    expect((error as InputError).message).toContain(file)
  })

  test('absent, or a folder', async () => {
    await expect(readManifest(join(folder, 'absent.jsonl'))).rejects.toThrow(
      /absent\.jsonl: .*cannot be read \(ENOENT/,
    )
    await expect(readManifest(folder)).rejects.toThrow(InputError)
  })

  test('a folder that is not there is named when writing, and nothing appears', async () => {
    const file = join(folder, 'nowhere', 'episodes.jsonl')
    await expect(writeManifest(file, manifest)).rejects.toThrow(/nowhere.*cannot be written \(ENOENT/)
    expect(await readdir(folder)).not.toContain('nowhere')
  })
})

test('any single changed character is noticed', async () => {
  const file = join(folder, 'flip.jsonl')
  await writeManifest(file, manifest)
  const text = await readFile(file, 'utf8')
  await fc.assert(
    fc.asyncProperty(
      fc.nat(text.length - 2),
      fc.constantFrom(...'0123456789abcdef[]{},":x'),
      async (at, character) => {
        fc.pre(text[at] !== character)
        await writeFile(file, text.slice(0, at) + character + text.slice(at + 1))
        await expect(readManifest(file)).rejects.toThrow(InputError)
      },
    ),
  )
})

test('the type of a manifest read is that of one drawn', async () => {
  const file = join(folder, 'typed.jsonl')
  await writeManifest(file, manifest)
  const read: EpisodeManifest = await readManifest(file)
  expect(() => assertManifestMatches(read, split)).not.toThrow()
})
