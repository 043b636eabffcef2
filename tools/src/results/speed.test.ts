import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { capturedOutput } from '../captured-output.test.helper.js'
import { recipes, writePatterns } from './patterns.test.helper.js'
import { runSpeedCommand } from './speed-command.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-speed-test-'))
  await writePatterns(join(folder, 'patterns'))
  for (const name of ['pretrain_Conv64F-4x', 'ProtoNet_N3K1_Conv64F-4x'] as const)
    await writeFile(join(folder, `${name}.yaml`), recipes[name])
})
afterAll(() => rm(folder, { recursive: true }))

const images = () => `data.image_dir=${JSON.stringify(join(folder, 'patterns'))}`
const speed = (...args: string[]) => capturedOutput(() => runSpeedCommand([...args, images()], folder))
const positive = expect.toSatisfy((value: unknown) => typeof value === 'number' && value > 0) as number

it('times steps of pretraining and of episodes, and says how long the recipe takes', async () => {
  const pretraining = await speed('--cfg', 'pretrain_Conv64F-4x.yaml', '--steps', '6', '--json')
  expect(JSON.parse(pretraining.stdout)).toEqual({
    recipe: 'pretrain_Conv64F-4x',
    precision: 'f32',
    threads: positive,
    steps: 6,
    secondsPerStep: positive,
    cpuSecondsPerStep: positive,
    peakMib: positive,
    recipeSteps: 8 * 10,
    recipeHours: positive,
  })
  const episodes = await speed('--cfg', 'ProtoNet_N3K1_Conv64F-4x.yaml', '--steps', '3', 'train.epochs=4')
  expect(episodes.stdout).toMatch(
    /^ProtoNet_N3K1_Conv64F-4x, f32, \d+ threads: [\d.]+ s a step \([\d.]+ s of processors\) over 3 steps, peak \d+ MiB; the recipe's 16 steps take [\de.-]+ hours at this speed\n$/,
  )
})

it('tells in one line what it cannot measure', async () => {
  for (const [message, args] of [
    [/--cfg FILE is needed/, []],
    [/--steps is 0; expected a whole number from 1/, ['--cfg', 'pretrain_Conv64F-4x.yaml', '--steps', '0']],
    [/--precision is f64; expected f32 or bf16/, ['--cfg', 'pretrain_Conv64F-4x.yaml', '--precision', 'f64']],
    [/has too few steps to measure/, ['--cfg', 'ProtoNet_N3K1_Conv64F-4x.yaml']],
    [/Unknown option '--step'/, ['--step', '3']],
  ] as const) {
    const { stderr, exitCode, stdout } = await speed(...args)
    expect(stderr).toMatch(/^speed: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect([exitCode, stdout]).toEqual([2, ''])
  }
  expect(await speed('--help')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^usage: /) })
})
