import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { openDataset, readSplitFile, shippedSplits, type Dataset } from '@m2l/datasets'
import { loadEngine, randomKey, tf } from '@m2l/engine'
import { manifestHash, sampleManifest } from '@m2l/samplers'
import { EpisodeImages, evaluate, type Evaluation } from '@m2l/trainer'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecipeDataset, parseRecipe, readRecipe } from '../index.js'
import { createModel, episodeTransforms } from '@m2l/model'

const folder = await mkdtemp(join(tmpdir(), 'm2l-leakage-'))
afterAll(() => rm(folder, { recursive: true }))
beforeAll(async () => {
  await loadEngine()
})

const side = 18
const names = ['ant', 'bee', 'cow', 'dog'].flatMap((name) =>
  [0, 1, 2, 3, 4].map((image) => `${name}/${image}.png`),
)

/** A picture of noise that follows from its name. */
function pixelsOf(name: string): Uint8Array {
  const noise = randomKey(7).fold(name).generator()
  return Uint8Array.from({ length: side * side * 3 }, () => noise.integer(256))
}

/** A folder of the same pictures, made in an order and at times that say nothing. */
async function pictures(order: readonly string[]): Promise<string> {
  const root = await mkdtemp(join(folder, 'pictures-'))
  for (const [index, name] of order.entries()) {
    await mkdir(join(root, dirname(name)), { recursive: true })
    const raw = { width: side, height: side, channels: 3 as const }
    const file = join(root, name)
    await writeFile(file, await sharp(pixelsOf(name), { raw }).png().toBuffer())
    await utimes(file, 1e9 + index, 1e9 + index)
  }
  return root
}

/** How a model with first weights does on episodes of a data set. */
async function evaluated(
  dataset: Dataset,
  overrides: readonly string[],
  episodes: Parameters<typeof evaluate>[0]['episodes'],
  bank: boolean,
): Promise<Evaluation> {
  const small = ['model.encoder=FourLayer_64F_4x', `data.image_size=${side}`]
  const recipe = parseRecipe('', 'r.yaml', [...small, ...overrides])
  const model = createModel(recipe)
  try {
    // As trained statistics would, those of batch norm differ from those of any batch.
    for (const [name, { value }] of Object.entries(model.state)) {
      if (name.endsWith('running_mean')) tf.tidy(() => value.assign(tf.fill(value.shape, 0.05)))
    }
    const images = new EpisodeImages(dataset, dataset.splits.all!, episodeTransforms(recipe))
    return await evaluate({ model, images, episodes, bank })
  } finally {
    model.dispose()
  }
}

describe('queries', () => {
  let dataset: Dataset
  beforeAll(async () => {
    dataset = await openDataset({ root: await pictures(names) })
  })
  afterAll(() => dataset.close())

  const queries = ['M2L', 'ProtoNet', 'MatchingNet', 'RelationNet', 'DN4', 'ST']
  it.each(queries.flatMap((query) => ['released', 'consistent'].map((fusion) => [query, fusion])))(
    'do not change the score of another: %s, %s',
    async (query, fusion) => {
      const shown = (others: number[][]) => ({ classes: [0, 2, 3], support: [[0], [1], [2]], query: others })
      const many = [
        shown([
          [1, 2, 3],
          [2, 3, 4],
          [3, 4, 0],
        ]),
      ]
      const alone = [0, 1, 2].map((of) => shown(many[0]!.query.map((ofClass) => [ofClass[of]!]))) // prettier-ignore
      const overrides = [`model.query=${query}`, `model.fusion=${fusion}`]
      for (const bank of [true, false]) {
        const together = await evaluated(dataset, overrides, many, bank)
        const apart = await evaluated(dataset, overrides, alone, bank)
        for (const of of [0, 1, 2]) {
          for (const way of [0, 1, 2]) {
            const [at, atAlone] = [3 * way + of, way]
            // The winning probability; to the rounding of products that are summed in another order.
            expect(apart.confidences.fused[of]![atAlone]).toBeCloseTo(together.confidences.fused[0]![at]!, 5)
            for (const [level, rows] of Object.entries(together.confidences.levels))
              expect(apart.confidences.levels[level]![of]![atAlone]).toBeCloseTo(rows[0]![at]!, 5)
            expect(apart.predictions.fused[of]![atAlone]).toBe(together.predictions.fused[0]![at])
          }
        }
      }
    },
  )
})

describe('the order of files on the disk', () => {
  it('changes neither split nor episodes nor what is predicted', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(names, { minLength: names.length }), async (order) => {
        const dataset = await openDataset({ root: await pictures(order) })
        const split = dataset.splits.all!
        const shape = { ways: 3, shots: 1, queries: 2, episodes: 4, key: randomKey(5) }
        const manifest = sampleManifest('animals', split, shape)
        const { predictions, confidences, fused } = await evaluated(dataset, [], manifest.episodes, true)
        await dataset.close()
        seen.add(
          JSON.stringify([split.hash, manifestHash(manifest), manifest, predictions, confidences, fused]),
        )
        expect(seen.size).toBe(1)
      }),
      { numRuns: 4 },
    )
  })
})

describe('test classes are in no training or validation', () => {
  it.each(shippedSplits())('of the split %s', async (name) => {
    const { train = [], val = [], test = [] } = (await readSplitFile(name)).classes
    const all = [...train, ...val, ...test]
    expect([train.length, val.length, test.length]).not.toContain(0)
    expect(new Set(all).size).toBe(all.length)
  })

  it('of the data set of emoji', async () => {
    const dataset = await openRecipeDataset(
      parseRecipe('data: { dataset: emoji, image_size: 32 }', 'r.yaml'),
      ['train', 'val', 'test'],
    )
    const all = Object.values(dataset.splits).flatMap(({ classes }) => classes)
    const [classes, images] = [
      all.map(({ name }) => name),
      all.flatMap((one) => one.images.map(({ id }) => id)),
    ]
    expect(Object.keys(dataset.splits).toSorted()).toEqual(['test', 'train', 'val'])
    expect(new Set(classes).size).toBe(classes.length)
    expect(new Set(images).size).toBe(images.length)
    await dataset.close()
  })

  it('of any recipe, nor in the pretraining whose weights it starts from', async () => {
    const configs = fileURLToPath(new URL('../../../../configs/', import.meta.url))
    const files = (await readdir(configs, { recursive: true })).filter((file) => file.endsWith('.yaml'))
    expect(files.length).toBeGreaterThan(30)
    const dataOf = new Map<string, string | undefined>()
    const pretrainings: [string, string][] = []
    for (const file of files) {
      const { data, model } = await readRecipe(join(configs, file))
      dataOf.set(file, data.dataset === 'emoji' ? 'emoji' : data.split)
      const [, pretraining] = /^(pretrain\w*)\/best\.safetensors$/.exec(model.weights ?? '') ?? []
      if (pretraining !== undefined) pretrainings.push([file, join(dirname(file), `${pretraining}.yaml`)])
    }
    for (const [file, split] of dataOf) expect(['emoji', ...shippedSplits()], file).toContain(split)
    expect(pretrainings.length).toBeGreaterThan(10)
    for (const [file, pretraining] of pretrainings)
      expect(dataOf.get(pretraining), file).toBe(dataOf.get(file))
  })
})
