import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dataFolder, openRecipeDataset, parseRecipe } from '../index.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-data-folder-'))
  await mkdir(join(folder, 'pictures', 'miniImagenet'), { recursive: true })
})

afterAll(() => rm(folder, { recursive: true }))

const folderOf = (...overrides: string[]) =>
  dataFolder(parseRecipe('', 'configs/miniImagenet/MML_N5K1_R12.yaml', overrides))

describe('dataFolder', () => {
  it('is the image folder below the root where the recipe names one', () => {
    expect(folderOf('data.image_dir=photos.zip')).toBe(resolve('photos.zip'))
    expect(folderOf('data.root=/data', 'data.image_dir=birds')).toBe('/data/birds')
    expect(folderOf('data.root=/data', 'data.image_dir=/other')).toBe('/other')
  })

  it("is else named like the recipe's folder, below `data` or the root, or the root itself", () => {
    expect(folderOf()).toBe(resolve('data', 'miniImagenet'))
    expect(folderOf(`data.root=${folder}/pictures`)).toBe(join(folder, 'pictures', 'miniImagenet'))
    expect(folderOf(`data.root=${folder}`)).toBe(folder)
  })
})

describe('openRecipeDataset', () => {
  it.each(['image_dir', 'root', 'split'])(
    'refuses data.%s beside embedded pictures, which would pass it over',
    async (key) => {
      const recipe = parseRecipe('data: { dataset: emoji, image_size: 32 }', 'r.yaml', [`data.${key}=photos`])
      await expect(openRecipeDataset(recipe, ['test'])).rejects.toThrow(
        `r.yaml: data.${key} is photos, but data.dataset emoji is embedded and reads none; leave out data.${key}`,
      )
    },
  )
})
