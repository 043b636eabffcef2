import type { Comparison } from '@m2l/m2l'
import { beforeAll, expect, test } from 'vitest'
import { globalLevelOnly, learnableFolder, m2lHere } from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await learnableFolder()
  const quick = ['--cfg', 'm2l.yaml', 'train.epochs=1', 'train.episode_per_epoch=2', ...globalLevelOnly]
  for (const seed of ['1', '2']) {
    await m2lHere(folder, 'train', ...quick, `seed=${seed}`, `run.folder=runs/${seed}`)
    await m2lHere(folder, 'evaluate', ...quick, `seed=${seed}`, `run.folder=runs/${seed}`)
  }
  const again = ['evaluate', ...quick, 'run.folder=runs/again', '--manifest', 'runs/1/test-manifest.jsonl']
  await m2lHere(folder, ...again, '-c', 'runs/2/best.safetensors')
})

test('m2l compare tells of two results on the same episodes', async () => {
  const { exitCode, stdout, stderr } = await m2lHere(
    folder,
    'compare',
    'runs/1',
    'runs/again/result.json',
    '--json',
  )
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const comparison = JSON.parse(stdout) as Comparison
  expect(comparison).toMatchObject({ episodes: 10, ways: 3, queries: 2, split: 'test' })
  const { fused, global } = comparison.levels
  expect(fused!.difference).toBeCloseTo(fused!.a - fused!.b, 9)
  expect(global).toMatchObject({ a: fused!.a, b: fused!.b, agreement: fused!.agreement })
  expect(comparison.perClass.map((one) => one.class)).toContain('test-0')
  const told = await m2lHere(folder, 'compare', 'runs/1', 'runs/again')
  expect(told.stdout).toContain('A runs/1: m2l, runs/1/best.safetensors')
  expect(told.stdout).toContain('10 3-way 1-shot episodes of patterns (test)')
  expect(told.stdout).toContain('10000 permutations, seed 1')
})

test('m2l compare refuses results on other episodes in one line', async () => {
  const { exitCode, stdout, stderr } = await m2lHere(folder, 'compare', 'runs/1', 'runs/2')
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(
    /^m2l: runs\/1 is of 10 3-way episodes of .*, runs\/2 is of .*: other episodes; [^\n]*\n$/,
  )
})
