import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { globalLevelOnly, learnableFolder, m2lHere } from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await learnableFolder()
})

const absurd = ['train.learning_rate=1e38', 'train.optim=SGD', ...globalLevelOnly]
const m2l = (command: string, ...words: string[]) => m2lHere(folder, command, '--cfg', 'm2l.yaml', ...words)

test('a training that diverges stops with one line, and the episode can be replayed', async () => {
  const { exitCode, stdout, stderr } = await m2l('train', ...absurd, 'run.folder=stopped')
  expect(stderr).toMatch(
    /^m2l: step (\d) \(epoch 1, step \1\): not finite in episode \d: [^\n]+; stopped\/fault-step-\1\.jsonl keeps [^\n]+\n$/,
  )
  expect([exitCode, stdout]).toEqual([1, ''])
  const fault = (await readdir(join(folder, 'stopped'))).find((name) => name.startsWith('fault'))
  expect(await readdir(join(folder, 'stopped'))).not.toContain('last.safetensors')

  expect((await m2l('train', ...globalLevelOnly, 'run.folder=sound')).exitCode).toBe(0)
  const replayed = await m2l(
    'evaluate',
    ...globalLevelOnly,
    '-c',
    'sound/last.safetensors',
    '--manifest',
    `stopped/${fault}`,
    'run.folder=replayed',
    '--json',
  )
  expect(replayed).toMatchObject({ exitCode: 0 })
  expect(JSON.parse(replayed.stdout)).toMatchObject({ split: 'train', episodes: 1 })
})

test('one that skips tells each step, and stops when it has learned nothing in an epoch', async () => {
  const { exitCode, stderr } = await m2l('train', ...absurd, 'run.folder=skipped', '--on-nan', 'skip')
  const lines = stderr.trimEnd().split('\n')
  expect(lines.some((line) => /^step \d .*; skipped, and kept in skipped\/fault-step-\d/.test(line))).toBe(
    true,
  )
  expect(lines.at(-1)).toMatch(/^m2l: epoch [12]: in none of its 6 steps all numbers were finite/)
  expect(exitCode).toBe(1)
})

test('the recipe says it as well, and what is neither is refused', async () => {
  const skipping = await m2l('train', ...globalLevelOnly, 'run.on_nan=skip', 'run.folder=sound-too', '--json')
  expect(JSON.parse(skipping.stdout)).toMatchObject({ completed: true, skipped: 0 })
  const wrong = await m2l('train', '--on-nan', 'go')
  expect(wrong.stderr).toMatch(
    /^m2l: option '--on-nan <what>' argument 'go' is invalid[^\n]+stop, skip[^\n]+\n$/,
  )
  expect(wrong.exitCode).toBe(2)
})
