import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readRecipe } from '@m2l/m2l'
import { beforeAll, describe, expect, it } from 'vitest'
import { workspaceRoot } from '../workspace.js'
import { cardIsCurrent, DataHashes, type WantedCard } from './currency.js'

const inResults = (name: string) => join(workspaceRoot, 'results', name)
const card = inResults('cards/emoji/M2L_N5K1_Conv64F-4x.emoji-conv64f.json')
const recipeWith = (...set: string[]) =>
  readRecipe(join(workspaceRoot, 'configs/emoji/M2L_N5K1_Conv64F-4x.yaml'), set)

let wanted: WantedCard
beforeAll(async () => {
  const recipe = await recipeWith()
  wanted = {
    recipe,
    precision: 'f32',
    splits: await new DataHashes().of(recipe),
    manifest: inResults('manifests/emoji_N5K1.json'),
    isCompared: false,
    shipped: 'emoji-conv64f',
  }
})

type Change = (card: WantedCard) => WantedCard | Promise<WantedCard>

describe('a card', () => {
  it('is current where recipe, data, episodes, precision and weights are as they were', async () => {
    expect(await cardIsCurrent(card, wanted)).toBe(true)
  })

  it('stays current where a recipe only runs elsewhere or keeps more', async () => {
    const recipe = await recipeWith('run.folder=elsewhere', 'run.keep=9')
    expect(await cardIsCurrent(card, { ...wanted, recipe })).toBe(true)
  })

  it.each<[string, Change]>([
    ['another recipe', async (all) => ({ ...all, recipe: await recipeWith('model.levels.pixel.weight=2') })],
    ['another seed', async (all) => ({ ...all, recipe: await recipeWith('seed=2') })],
    ['other test images', (all) => ({ ...all, splits: { ...all.splits, test: 'f'.repeat(64) } })],
    ['other episodes', (all) => ({ ...all, manifest: inResults('manifests/emoji_N5K5.json') })],
    ['another precision', (all) => ({ ...all, precision: 'bf16' })],
    ['a comparison', (all) => ({ ...all, isCompared: true })],
    ['other weights', (all) => ({ ...all, shipped: 'cifar-fs-conv64f' })],
    [
      'a training',
      (all) => {
        const { shipped: _, ...rest } = all
        return { ...rest, training: { ...rest, precision: 'bf16' } }
      },
    ],
  ])('is not current where %s is wanted', async (_, change) => {
    expect(await cardIsCurrent(card, await change(wanted))).toBe(false)
  })

  it('is not current where there is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'm2l-card-'))
    expect(await cardIsCurrent(join(folder, 'none.json'), wanted)).toBe(false)
    await rm(folder, { recursive: true })
  })

  it('cannot be judged without the digest of its episodes', async () => {
    await expect(
      cardIsCurrent(card, { ...wanted, manifest: inResults('manifests/none.json') }),
    ).rejects.toThrow(
      /none\.json: expected the digest of a manifest; npm run results:run -- --manifests writes it/,
    )
  })
})
