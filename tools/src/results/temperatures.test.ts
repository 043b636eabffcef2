import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { capturedOutput } from '../captured-output.test.helper.js'
import { recipes, writePatterns } from './patterns.test.helper.js'
import { runTemperaturesCommand } from './temperatures-command.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-temperatures-test-'))
  await writePatterns(join(folder, 'patterns'))
  for (const name of ['pretrain_Conv64F-4x', 'M2L_N3K1_Conv64F-4x'] as const)
    await writeFile(join(folder, `${name}.yaml`), recipes[name])
})
afterAll(() => rm(folder, { recursive: true }))

const cfg = ['--cfg', 'M2L_N3K1_Conv64F-4x.yaml', 'model.weights=null']
const temperatures = (...args: string[]) =>
  capturedOutput(() =>
    runTemperaturesCommand([...args, `data.image_dir=${JSON.stringify(join(folder, 'patterns'))}`], folder),
  )

it('finds the temperature at which the cross entropy of a level is lowest', async () => {
  const once = JSON.parse((await temperatures(...cfg, '--episodes', '4', '--json')).stdout)
  expect(once).toMatchObject({ dataset: 'patterns', episodes: 4, recipe: 'M2L_N3K1_Conv64F-4x' })
  expect(once.levels.map(({ level }: { level: string }) => level)).toEqual(['part', 'global'])
  for (const { level, best, recipe } of once.levels) {
    expect(best.crossEntropy).toBeLessThanOrEqual(Math.log(3) + 1e-4) // at a high temperature it is guessing's
    expect(best.crossEntropy).toBeLessThanOrEqual(recipe.crossEntropy + 1e-6)
    const at = async (factor: number) => {
      const set = `model.levels.${level}.temperature=${best.temperature * factor}`
      const { levels } = JSON.parse((await temperatures(...cfg, set, '--episodes', '4', '--json')).stdout)
      return levels.find((other: { level: string }) => other.level === level)
    }
    const [there, above] = [await at(1), await at(4)]
    expect(there.recipe.crossEntropy).toBeCloseTo(best.crossEntropy, 3)
    expect(there.best).toEqual(best)
    expect(above.recipe.crossEntropy).toBeGreaterThanOrEqual(best.crossEntropy - 1e-6)
  }
  expect((await temperatures(...cfg, '--episodes', '2')).stdout).toMatch(/│ global │ [\d.]+ +│ [\d.]+ +│/)
})

it('tells in one line what it cannot measure', async () => {
  for (const [message, args] of [
    [/--cfg FILE is needed/, []],
    [/--episodes is 0; expected a whole number from 1/, [...cfg, '--episodes', '0']],
    [/nothing\.safetensors/, ['--cfg', cfg[1]!, 'model.weights=nothing.safetensors']],
    [/Unknown option '--episode'/, ['--episode', '3']],
  ] as const) {
    const { stderr, exitCode, stdout } = await temperatures(...args)
    expect(stderr).toMatch(/^temperatures: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect([exitCode, stdout]).toEqual([2, ''])
  }
  expect(await temperatures('--help')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^usage: /),
  })
})
