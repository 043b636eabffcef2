import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine, tf } from '@m2l/engine'
import { manifestHash, readManifest } from '@m2l/samplers'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  evaluateRecipe,
  parseRecipe,
  pretrainRecipe,
  readCard,
  readTrainingRecord,
  recipeHash,
  trainRecipe,
} from '../index.js'

let folder: string
beforeAll(async () => {
  await loadEngine()
  folder = await mkdtemp(join(tmpdir(), 'm2l-cards-'))
  for (const [number, split] of ['train', 'val', 'test'].entries()) {
    for (let index = 0; index < 4; index++) {
      const ofClass = join(folder, 'images', split, `${split}${index}`)
      await mkdir(ofClass, { recursive: true })
      for (let image = 0; image < 5; image++) {
        const background = { r: 60 * number, g: 60 * index, b: 40 * image }
        const picture = sharp({ create: { width: 16, height: 16, channels: 3, background } })
        await writeFile(join(ofClass, `${image}.png`), await picture.png().toBuffer())
      }
    }
  }
})
afterAll(() => rm(folder, { recursive: true }))

const text = `
n_way: 2
model: { encoder: FourLayer_64F_4x, forward_encoding: FCN, levels: { global: {}, pixel: {} }, weights: pre/best.safetensors }
data: { dataset: colours, image_size: 16, pack: 'off' }
train: { query_per_class_per_episode: 1, batch_size: 1, episode_per_epoch: 2, epochs: 2 }
val: { episode: 2 }
test: { query_per_class_per_episode: 2, episode: 6 }
pre: { epochs: 1, batch_size: 8, snapshot_epoch: 1, val_episode: 2 }
`
const recipe = (name: string, ...overrides: string[]) =>
  parseRecipe(text, join(folder, `${name}.yaml`), [
    `data.image_dir=${JSON.stringify(join(folder, 'images'))}`,
    `run.folder=${JSON.stringify(join(folder, name))}`,
    ...overrides,
  ])
const hashOf = async (file: string) =>
  createHash('sha256')
    .update(await readFile(join(folder, file)))
    .digest('hex')

describe('the hash of a recipe', () => {
  const hash = (yaml: string, ...overrides: string[]) =>
    recipeHash(parseRecipe(yaml, 'configs/a.yaml', overrides))

  it('is of its values, however they are written and wherever things are', () => {
    expect(hash('{ seed: 1, k_shot: 1 }')).toBe(hash('k_shot: 1'))
    expect(hash('train: { epochs: 3, optim: SGD }')).toBe(hash('train: { optim: SGD, epochs: 3 }'))
    const levels = (yaml: string) => hash('', `model.levels=${yaml}`)
    expect(levels('{pixel: {neighbours: 2, weight: 1}, global: {}}')).toBe(
      levels('{global: {}, pixel: {weight: 1, neighbours: 2}}'),
    )
    const elsewhere = ['data.image_dir=x', 'data.root=y', 'data.pack=off', 'run.folder=z']
    expect(hash('', ...elsewhere)).toBe(recipeHash(parseRecipe('', 'other/b.yaml')))
  })

  it('changes with every value', () => {
    const changes = [
      [],
      ['seed=2'],
      ['train.epochs=3'],
      ['model.levels={pixel: {}}'],
      ['data.split=cifar-fs'],
    ]
    expect(new Set(changes.map((overrides) => hash('', ...overrides))).size).toBe(changes.length)
  })
})

describe('a training', () => {
  it('leaves a record of what it was, over all of its processes', async () => {
    await pretrainRecipe(recipe('pre'))
    const tensors = tf.memory().numTensors
    const pretraining = (await readTrainingRecord(join(folder, 'pre')))!
    expect(pretraining).toMatchObject({
      recipe: { name: 'pre', sha256: recipeHash(recipe('pre')) },
      initialWeights: null,
      completed: true,
      epochs: 1,
      processes: 1,
    })
    const stopped = new AbortController()
    const started = { onProgress: () => stopped.abort(), signal: stopped.signal }
    await trainRecipe(recipe('m2l'), started)
    const half = (await readTrainingRecord(join(folder, 'm2l')))!
    expect(half).toMatchObject({ completed: false, epochs: 0, processes: 1 })
    const seconds = 1e6 // more than the processes of this test take
    await writeFile(join(folder, 'm2l/training.json'), JSON.stringify({ ...half, seconds }))
    await trainRecipe(recipe('m2l'), { existing: 'resume' })
    const whole = (await readTrainingRecord(join(folder, 'm2l')))!
    expect(whole).toMatchObject({ completed: true, epochs: 2, processes: 2, splits: half.splits })
    expect(whole.initialWeights).toBe(await hashOf('pre/best.safetensors'))
    expect(whole.seconds).toBeGreaterThanOrEqual(seconds)
    expect(whole.splits).toEqual(pretraining.splits)
    expect(tf.memory().numTensors).toBe(tensors)
  })

  it('that fails leaves no tensor, a record that it is not complete, and its folder free', async () => {
    const tensors = tf.memory().numTensors
    await expect(pretrainRecipe(recipe('diverged', 'pre.lr=1e38'))).rejects.toThrow('not finite')
    expect(await readTrainingRecord(join(folder, 'diverged'))).toMatchObject({ completed: false, epochs: 0 })
    expect(await readdir(join(folder, 'diverged'))).not.toContain('run.lock')
    expect(tf.memory().numTensors).toBe(tensors)
  })

  it('has no record where none was, and refuses one that is broken', async () => {
    expect(await readTrainingRecord(join(folder, 'images'))).toBeUndefined()
    await writeFile(join(folder, 'images/training.json'), '{}')
    await expect(readTrainingRecord(join(folder, 'images'))).rejects.toThrow(
      /training\.json: expected the record of a training; delete it/,
    )
    await rm(join(folder, 'images/training.json'))
  })
})

describe('a card', () => {
  it('says what a result is and depends on, and compares in the same episodes', async () => {
    const card = join(folder, 'card.json')
    const report = await evaluateRecipe(recipe('m2l'), { card })
    const first = await readCard(card)
    expect(first).toMatchObject({
      recipe: { name: 'm2l', sha256: recipeHash(recipe('m2l')) },
      data: { name: 'colours', split: 'test', classes: 4, images: 20 },
      episodes: { count: 6, ways: 2, shots: 1, queries: 2 },
      weights: { sha256: await hashOf('m2l/best.safetensors') },
      training: { recipe: { name: 'm2l' } },
      pretraining: { recipe: { name: 'pre' } },
    })
    const manifest = await readManifest(report.manifest)
    expect(first.data.sha256).toBe(manifest.splitHash)
    expect(first.episodes.manifest).toBe(manifestHash(manifest))
    expect(first.code.commit).toMatch(/^[\da-f]{40}$/)
    expect(first.accuracy['fused']).toBeCloseTo(report.accuracy['fused']!, 6)
    const best = Math.max(first.accuracy['global']!, first.accuracy['pixel']!)
    const [paired] = first.paired
    expect(first.accuracy[paired!.with.level]).toBe(best)
    expect(paired!.difference).toBeCloseTo(first.accuracy['fused']! - best, 5)

    const pixel = recipe('pixel', 'model.levels.global.weight=0')
    const checkpoint = join(folder, 'm2l/best.safetensors')
    const other = { checkpoint, manifest: report.manifest, card, against: [join(folder, 'm2l')], force: true }
    await evaluateRecipe(pixel, other)
    const second = await readCard(card)
    expect(second.accuracy['fused']).toBe(first.accuracy['pixel'])
    expect(second.paired.map((one) => one.with)).toEqual([{ recipe: 'm2l', level: 'fused' }])
    expect(second.paired[0]!.difference).toBeCloseTo(first.accuracy['pixel']! - first.accuracy['fused']!, 5)
    expect(second.training).toEqual(first.training)
  })

  it('is refused in one line where it is none', async () => {
    const file = join(folder, 'none.json')
    await writeFile(file, '{"format":"m2l-card"}')
    await expect(readCard(file)).rejects.toThrow(
      /none\.json: expected a card of m2l evaluate --card, but version: /,
    )
    await expect(readCard(join(folder, 'missing.json'))).rejects.toThrow(/missing\.json: .* cannot be read/)
  })
})
