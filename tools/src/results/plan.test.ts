import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { workspaceRoot } from '../workspace.js'
import { manifestOf, readPlan } from './plan.js'
import { plan } from './results.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-plan-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function read(text: string) {
  await writeFile(join(folder, 'plan.yaml'), text)
  return readPlan(join(folder, 'plan.yaml'))
}

describe('a plan', () => {
  it('is a list of results, each with what it needs before it', async () => {
    const results = await read(plan)
    expect(results.map(({ id }) => id)).toEqual([
      'toys/ProtoNet_N5K1_Conv64F-4x',
      'toys/ProtoNet_N5K1_Conv64F-4x.seed2',
      'toys/M2L_N5K1_Conv64F-4x',
      'toys/M2L_N20K1_Conv64F-4x',
      'toys/M2L_N5K1_Conv64F-4x.levels-pixel-and-part',
      'toys/M2L_N5K1_Conv64F-4x.graph-class',
    ])
    expect(results[4]).toMatchObject({
      weights: { of: 'toys/M2L_N5K1_Conv64F-4x' },
      against: 'toys/M2L_N5K1_Conv64F-4x',
      set: ['model.levels.global.weight=0'],
    })
    expect(results[5]!.weights).toEqual({ own: true })
    expect(manifestOf(results[3]!.recipe)).toBe('manifests/toys_N20K1.json')
  })

  it('may train a result in a precision of its own', async () => {
    const results = await read(plan.replace('N20K1_Conv64F-4x }', 'N20K1_Conv64F-4x, precision: f32 }'))
    expect(results[2]!.precision).toEqual({ training: 'bf16', evaluation: 'f32' })
    expect(results[3]!.precision).toEqual({ training: 'f32', evaluation: 'f32' })
  })

  it('may vary another seed than the first', async () => {
    const ofSecond = plan
      .replace('M2L_N5K1_Conv64F-4x, against', 'M2L_N5K1_Conv64F-4x, seeds: [1, 2], against')
      .replace('of: toys/M2L_N5K1_Conv64F-4x', 'of: toys/M2L_N5K1_Conv64F-4x\n  seed: 2')
    const second = 'toys/M2L_N5K1_Conv64F-4x.seed2'
    expect((await read(ofSecond)).slice(-2)).toMatchObject([
      { id: `${second}.levels-pixel-and-part`, seed: 2, weights: { of: second }, against: second },
      { id: `${second}.graph-class`, seed: 2, weights: { own: true }, against: second },
    ])
  })

  it('is refused where it needs what it does not hold', async () => {
    await expect(
      read(plan.replace('toys/ProtoNet_N5K1_Conv64F-4x }', 'toys/DN4_N5K1_Conv64F-4x }')),
    ).rejects.toThrow(
      /plan\.yaml: toys\/M2L_N5K1_Conv64F-4x needs toys\/DN4_N5K1_Conv64F-4x, which is not planned before it/,
    )
    await expect(read(plan.replace('seeds: [1, 2]', 'seeds: [1, 1]'))).rejects.toThrow(/is planned twice/)
    await expect(read(plan.replace('N20K1', 'twenty'))).rejects.toThrow(/expected a recipe such as/)
  })

  it('of this repository has a recipe and a manifest for each result', () => {
    for (const { recipe } of readPlan(join(workspaceRoot, 'results/plan.yaml'))) {
      expect(existsSync(join(workspaceRoot, 'configs', `${recipe}.yaml`)), recipe).toBe(true)
      expect(existsSync(join(workspaceRoot, 'results', manifestOf(recipe))), manifestOf(recipe)).toBe(true)
    }
  })
})
