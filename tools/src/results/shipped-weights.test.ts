import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEngine } from '@m2l/engine'
import { evaluateRecipe, fileHash, readCard, readRecipe, weightsFile } from '@m2l/m2l'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { workspaceRoot } from '../workspace.js'
import { cardOf } from './cards.js'
import { manifestOf } from './plan.js'

let folder: string
beforeAll(async () => {
  await loadEngine()
  folder = await mkdtemp(join(tmpdir(), 'm2l-shipped-'))
})
afterAll(() => rm(folder, { recursive: true }))

it("shipped weights give their card's accuracy again on its episodes, to four digits", async () => {
  const recipe = 'emoji/M2L_N5K1_Conv64F-4x'
  const weights = 'emoji-conv64f'
  const results = join(workspaceRoot, 'results')
  const card = await readCard(join(results, cardOf(`${recipe}.${weights}`)))
  expect(await fileHash(weightsFile(weights))).toBe(card.weights.sha256)

  const again = join(folder, 'card.json')
  await evaluateRecipe(
    await readRecipe(join(workspaceRoot, 'configs', `${recipe}.yaml`), [
      `run.folder=${JSON.stringify(folder)}`,
    ]),
    { checkpoint: weights, manifest: join(results, manifestOf(recipe)), card: again },
  )
  const measured = await readCard(again)
  for (const key of ['recipe', 'data', 'episodes', 'weights'] as const)
    expect(measured[key]).toMatchObject(card[key])
  expect(Object.keys(measured.accuracy)).toEqual(Object.keys(card.accuracy))
  for (const [name, accuracy] of Object.entries(card.accuracy))
    expect(measured.accuracy[name], name).toBeCloseTo(accuracy, 4)
})
