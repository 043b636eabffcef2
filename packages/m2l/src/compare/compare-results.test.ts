import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ImageSplit } from '@m2l/datasets'
import { randomKey } from '@m2l/engine'
import { manifestHash, sampleManifest, writeManifest, type EpisodeManifest } from '@m2l/samplers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareResults } from '../index.js'

const split: ImageSplit = {
  name: 'test',
  classes: ['ant', 'bee', 'cow', 'dog'].map((name) => ({
    name,
    images: Array.from({ length: 8 }, (_, image) => ({ id: `${name}/${image}.png` })),
  })),
  hash: 'a'.repeat(64),
}
const shape = { ways: 3, shots: 1, queries: 2, episodes: 40 }
const manifest = sampleManifest('animals', split, { ...shape, key: randomKey(1) })

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'm2l-compare-'))
})
afterAll(() => rm(root, { recursive: true }))

/** A prediction for each query of an episode, in the order of its classes. */
type Predict = (classes: readonly string[], episode: number) => number[]

const right: Predict = () => [0, 0, 1, 1, 2, 2]
/** Takes bees for whatever is way 0; as way 0 itself a bee is taken for way 1. */
const blindToBees: Predict = (classes) =>
  right([], 0).map((way) => (classes[way] === 'bee' ? Number(way === 0) : way))

/** A run folder as an evaluation leaves it. */
async function runFolder(
  name: string,
  levels: Readonly<Record<string, Predict>>,
  episodes: EpisodeManifest = manifest,
  header: object = {},
): Promise<string> {
  const folder = join(root, name)
  await mkdir(folder)
  await writeManifest(join(folder, 'test-manifest.jsonl'), episodes)
  const rows = episodes.episodes.map(({ classes }, episode) => {
    const names = classes.map((index) => split.classes[index]!.name)
    return Object.fromEntries(
      Object.entries(levels).map(([level, predict]) => [level, predict(names, episode)]),
    )
  })
  const first = {
    format: 'm2l-predictions',
    version: 1,
    recipe: name,
    checkpoint: `${name}/best.safetensors`,
    dataset: 'animals',
    split: 'test',
    classNames: split.classes.map((one) => one.name),
    manifestHash: manifestHash(episodes),
    accuracy: Object.fromEntries(Object.keys(levels).map((level) => [level, 0.5])),
    ...header,
  }
  await writeFile(
    join(folder, 'predictions.jsonl'),
    [first, ...rows].map((line) => `${JSON.stringify(line)}\n`).join(''),
  )
  return folder
}

const messageOf = (a: string, b: string): Promise<string> =>
  compareResults(a, b).then(
    () => 'no error',
    (error: Error) => `${error.name}: ${error.message}`,
  )

test('predictions that were changed after they were written are refused', async () => {
  const folder = await runFolder('changed', { fused: right }, manifest, { sha256: '0'.repeat(64) })
  expect(await messageOf(folder, folder)).toMatch(
    /^InputError: \S+predictions\.jsonl: it is damaged or was changed [^\n]+; evaluate again$/,
  )
})

describe('compareResults', () => {
  test('tells how far results differ, where, and whether by chance', async () => {
    const a = await runFolder('a', { fused: right, global: right, part: right })
    const b = await runFolder('b', { fused: blindToBees, global: right, pixel: right })
    const comparison = await compareResults(a, join(b, 'predictions.jsonl'))
    const withBees = manifest.episodes.filter(({ classes }) => classes.includes(1)).length
    const { fused, global } = comparison.levels
    expect(fused).toMatchObject({ a: 1, b: expect.closeTo(1 - withBees / 40 / 3, 9) })
    expect(fused!.difference).toBeCloseTo(withBees / 40 / 3, 9)
    expect(fused!.agreement).toBeCloseTo(1 - withBees / 40 / 3, 9)
    expect(fused!.right).toMatchObject({ onlyA: expect.closeTo(withBees / 40 / 3, 9), onlyB: 0, neither: 0 })
    expect(fused!.pPermutation).toBeLessThan(0.001)
    expect(fused!.pT).toBeLessThan(0.001)
    expect(global).toMatchObject({
      a: 1,
      b: 1,
      difference: 0,
      interval95: 0,
      pPermutation: 1,
      pT: 1,
      agreement: 1,
    })
    expect(Object.keys(comparison.levels)).toEqual(['fused', 'global'])
    expect(comparison.levelsApart).toEqual({ a: ['part'], b: ['pixel'] })
    expect(comparison.perClass[0]).toMatchObject({
      class: 'bee',
      episodes: withBees,
      a: 1,
      b: 0,
      difference: 1,
    })
    expect(comparison.perClass.slice(1).map(({ difference }) => difference)).toEqual([0, 0, 0])
    expect(comparison.mostDifferent).toHaveLength(Math.min(10, withBees))
    for (const { classes, difference } of comparison.mostDifferent) {
      expect(classes).toContain('bee')
      expect(difference).toBeCloseTo(1 / 3, 9)
    }
  })

  test('is the same again, and turns its sign with its order', async () => {
    const some: Predict = (classes, episode) =>
      episode % 3 === 0 ? blindToBees(classes, episode) : right([], 0)
    const other: Predict = (_, episode) => (episode % 7 === 0 ? [1, 0, 1, 1, 2, 2] : right([], 0))
    const [a, b] = [await runFolder('c', { fused: some }), await runFolder('d', { fused: other })]
    const there = await compareResults(a, b, { seed: 5 })
    expect(await compareResults(a, b, { seed: 5 })).toEqual(there)
    const back = await compareResults(b, join(a, 'result.json').replace('result.json', ''), { seed: 5 })
    expect(back.levels['fused']!.difference).toBeCloseTo(-there.levels['fused']!.difference, 12)
    expect(back.levels['fused']!.pPermutation).toBe(there.levels['fused']!.pPermutation)
    const otherSeed = await compareResults(a, b, { seed: 6 })
    expect(
      Math.abs(otherSeed.levels['fused']!.pPermutation - there.levels['fused']!.pPermutation),
    ).toBeLessThan(0.05)
  })

  test('refuses what is not of the same episodes, missing or malformed, in one line', async () => {
    const a = await runFolder('e', { fused: right })
    const moved = sampleManifest('animals', split, { ...shape, key: randomKey(2) })
    const b = await runFolder('f', { fused: right }, moved)
    expect(await messageOf(a, b)).toMatch(
      /^InputError: \S+e is of 40 3-way episodes of animals test \(\w{12}…\), \S+f is of 40 .* other episodes; evaluate one with --manifest/,
    )
    expect(await messageOf(a, join(root, 'none'))).toMatch(/none: does not exist; name a run folder/)
    expect(await messageOf(a, root)).toMatch(/predictions\.jsonl: cannot be read; name a run folder/)
    const stale = await runFolder('g', { fused: right }, manifest, { manifestHash: 'b'.repeat(64) })
    expect(await messageOf(a, stale)).toMatch(/its predictions are not of the 40 episodes of/)
    const wild = await runFolder('h', { fused: () => [0, 0, 1, 1, 2, 3] })
    expect(await messageOf(a, wild)).toMatch(/line 2: expected predictions of m2l evaluate, but fused\.5: /)
    await writeFile(join(root, 'h/predictions.jsonl'), 'words')
    expect(await messageOf(a, wild)).toMatch(/line 1: expected JSON/)
    await writeFile(join(root, 'h/other.json'), '{}')
    expect(await messageOf(a, join(root, 'h/other.json'))).toMatch(
      /expected a run folder, or the predictions\.jsonl/,
    )
  })

  test('reads results that name neither classes nor episodes', async () => {
    const a = await runFolder('i', { fused: right }, manifest, {
      classNames: undefined,
      manifestHash: undefined,
    })
    const { perClass } = await compareResults(a, a)
    expect(perClass.map((one) => one.class).toSorted()).toEqual(['class 0', 'class 1', 'class 2', 'class 3'])
  })
})
