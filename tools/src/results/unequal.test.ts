import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { capturedOutput } from '../captured-output.test.helper.js'
import { writePatterns } from './patterns.test.helper.js'
import { runUnequalCommand } from './unequal-command.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-unequal-test-'))
  await writePatterns(join(folder, 'patterns'), 32)
  await writeFile(
    join(folder, 'M2L.yaml'),
    `model: { encoder: FourLayer_64F_4x, forward_encoding: 'Grid-3,2', query: M2L }
data: { dataset: emoji-of-mine, image_size: 32, pack: 'off' }`,
  )
})
afterAll(() => rm(folder, { recursive: true }))

const given = ['--cfg', 'M2L.yaml', '--weights', 'emoji-conv64f', '--data', 'patterns']
const unequal = (...args: string[]) => capturedOutput(() => runUnequalCommand(args, folder))

it('measures both ways to count, which agree where numbers of examples do', async () => {
  const { stdout } = await unequal(...given, '--draws', '4', '--queries', '2', '--json')
  const { results, ...report } = JSON.parse(stdout)
  expect(report).toMatchObject({ recipe: 'M2L', weights: 'emoji-conv64f', draws: 4, queries: 2 })
  const [published, neutral, ...others] = results
  expect(published).toMatchObject({ examples: '1 + 1', counting: 'published' })
  expect(neutral).toEqual({ ...published, counting: 'neutral' })
  expect(others).toHaveLength(11)
  for (const { accuracy, recallOfFirst } of results) {
    expect(Object.keys(accuracy)).toEqual(['fused', 'part', 'pixel', 'global'])
    for (const { mean } of [...Object.values<{ mean: number }>(accuracy), recallOfFirst.fused]) {
      expect(mean).toBeGreaterThanOrEqual(0)
      expect(mean).toBeLessThanOrEqual(1)
    }
  }
})

it('tells in one line what it cannot measure', async () => {
  for (const [message, args] of [
    [/--data PATH is needed/, []],
    [/--draws is 1; expected a whole number from 2/, [...given, '--draws', '1']],
    [/expected 2 test classes of 33 pictures or more/, [...given, '--queries', '3']],
  ] as const) {
    const { stderr, exitCode } = await unequal(...args)
    expect(stderr).toMatch(/^unequal: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect(exitCode).toBe(2)
  }
})
