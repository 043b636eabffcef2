import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadEngine } from '@m2l/engine'
import { evaluateRecipe, readRecipe, trainRecipe } from '@m2l/m2l'
import { loadSafetensors } from '@m2l/nn/files'
import { beforeAll, expect, it } from 'vitest'

const recipeFile = fileURLToPath(new URL('../recipe.yaml', import.meta.url))

beforeAll(async () => {
  await loadEngine()
})

it('trains and evaluates with a level that no package knows', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'm2l-custom-level-'))
  const recipe = await readRecipe(recipeFile, [
    `run.folder=${folder}`,
    'train.epochs=1',
    'train.episode_per_epoch=4',
    'val.episode=5',
    'test.episode=20',
  ])
  const training = await trainRecipe(recipe)
  expect(training).toMatchObject({ completed: true, bestEpoch: 1 })
  const { tensors } = await loadSafetensors(training.bestCheckpoint!)
  expect(tensors['model.cosine.scale']!.shape).toEqual([])
  expect(tensors['model.cosine.scale']!.data[0]).not.toBe(5)
  const report = await evaluateRecipe(recipe)
  expect(Object.keys(report.accuracy)).toEqual(['fused', 'part', 'pixel', 'cosine'])
  expect(report.accuracy.cosine).toBeGreaterThan(0.3)
})
