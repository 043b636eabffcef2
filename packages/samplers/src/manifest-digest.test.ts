import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomKey } from '@m2l/engine'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  openManifest as open,
  sampleManifest,
  sliceManifest,
  writeManifest,
  writeManifestDigest,
} from './index.js'
import { splitOf } from './split.test.helper.js'
import type { EpisodeSplit } from './possible-episodes.js'

let folder: string
let file: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-digest-'))
  file = join(folder, 'digest.json')
})
afterAll(() => rm(folder, { recursive: true }))

const split = splitOf(new Array<number>(8).fill(12), 'test')
const manifest = sampleManifest('toys', split, {
  ways: 3,
  shots: [1, 2, 1],
  queries: 2,
  key: randomKey(1),
  episodes: 6,
})

const openManifest = async (path: string, of: EpisodeSplit) => (await open(path)).of(of)

const messageOf = (opening: Promise<unknown>): Promise<string> =>
  opening.then(
    () => 'no error',
    (error: Error) => `${error.name}: ${error.message}`,
  )

describe('the digest of a manifest', () => {
  test('stands for all of its episodes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          ways: fc.integer({ min: 2, max: 5 }),
          shots: fc.integer({ min: 1, max: 3 }),
          queries: fc.integer({ min: 1, max: 3 }),
          episodes: fc.nat(5),
          first: fc.nat(1e6),
          key: fc.maxSafeNat().map(randomKey),
        }),
        fc.boolean(),
        async (shape, isSemiSupervised) => {
          const unlabelled = {
            labelledShare: 0.5,
            divisionKey: randomKey(7),
            perClass: 2,
            distractorClasses: 1,
          }
          const drawn = sampleManifest('toys', split, { ...shape, ...(isSemiSupervised && { unlabelled }) })
          await writeManifestDigest(file, drawn)
          expect(await openManifest(file, split)).toEqual(drawn)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('of a slice of a manifest stands for the slice', async () => {
    await writeManifestDigest(file, sliceManifest(manifest, 2, 5))
    expect(await openManifest(file, split)).toEqual(sliceManifest(manifest, 2, 5))
  })

  test('is opened as a whole manifest is', async () => {
    const whole = join(folder, 'whole.jsonl')
    await writeManifest(whole, manifest)
    expect(await openManifest(whole, split)).toEqual(manifest)
  })

  test('is refused in one line where it was changed, is of another split, or is none', async () => {
    await writeManifestDigest(file, manifest)
    const other = { ...split, hash: 'af'.repeat(32) }
    expect(await messageOf(openManifest(file, other))).toMatch(
      /^InputError: manifest of toys .* does not fit split test/,
    )
    const text = await readFile(file, 'utf8')
    const changed = join(folder, 'changed.json')
    await writeFile(changed, text.replace('"queries": 2', '"queries": 3'))
    expect(await messageOf(openManifest(changed, split))).toMatch(
      /^InputError: .*changed\.json: the episodes drawn from its key do not have its SHA-256 \(\w{12}…\)/,
    )
    await writeFile(changed, text.replace('"ways": 3', '"ways": 1'))
    expect(await messageOf(openManifest(changed, split))).toMatch(/changed\.json: expected .* but ways: /)
    await writeFile(changed, text.slice(0, 90))
    expect(await messageOf(openManifest(changed, split))).toMatch(
      /changed\.json: line 1: expected the header/,
    )
    expect(await messageOf(openManifest(join(folder, 'none.json'), split))).toMatch(
      /none\.json: the manifest cannot be read/,
    )
    expect(await messageOf(writeManifestDigest(join(folder, 'no/folder'), manifest))).toMatch(
      /^InputError: .*digest cannot be written/,
    )
  })
})
