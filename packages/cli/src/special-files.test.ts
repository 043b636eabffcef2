import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { learnableFolder, m2lHere } from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await learnableFolder()
  execFileSync(
    'mkfifo',
    ['pipe', 'pipe.csv', 'pipe.png'].map((name) => join(folder, name)),
  )
})

test.each([
  [['classify', '--support', 'pipe', '--query', 'patterns']],
  [['classify', '--support', 'patterns', '--query', 'pipe']],
  [['classify', '--support', 'patterns', '--query', 'pipe.png']],
  [['classify', '--support', 'pipe.csv', '--query', 'patterns']],
  [['classify', '--support', 'patterns', '--query', 'patterns', '--cfg', 'pipe']],
  [['classify', '--support', 'patterns', '--query', 'patterns', '--weights', './pipe']],
  [['train', '--cfg', 'pipe']],
  [['evaluate', '--cfg', 'm2l.yaml', '-c', 'pipe']],
  [['data', 'show', 'pipe']],
  [['data', 'show', '/dev/zero']],
  [['data', 'show', 'patterns', '--split', './pipe']],
  [['data', 'show', 'patterns', '--exclude', 'pipe']],
  [['data', 'check', 'patterns', '--report', 'pipe']],
  [['data', 'prepare', 'cifar-fs', '--from', 'pipe', '--to', 'none']],
  [['weights', 'show', 'pipe']],
])('nothing waits for a pipe or a device: %j', async (words) => {
  const { exitCode, stderr } = await m2lHere(folder, ...words)
  expect(stderr).toMatch(
    /^(accuracy is not[^\n]*\n)?m2l: [^\n]*(pipe|\/dev\/zero)[^\n]* (is neither|is a pipe|is a device|no such) ?[^\n]*\n$/,
  )
  expect(exitCode).toBe(2)
})
