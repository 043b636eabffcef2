import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('../dist/quickstart.js', import.meta.url))
const short = [
  'pre.epochs=1',
  'pre.val_episode=5',
  'train.epochs=1',
  'train.episode_per_epoch=2',
  'val.episode=5',
  'test.episode=40',
]
const names = ['m2l', 'part', 'pixel', 'global', 'nearestPixel']

it('trains, evaluates and prints only the result with --json', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'm2l-quickstart-'))
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--json', ...short], {
    cwd: folder,
  })
  const result = JSON.parse(stdout) as Record<string, Record<string, number>>
  expect(Object.keys(result)).toEqual(['episodes', 'accuracy', 'interval95', 'seconds'])
  expect(result.episodes).toBe(40)
  expect(Object.keys(result.accuracy!)).toEqual(names)
  expect(Object.keys(result.interval95!)).toEqual(names)
  expect(result.accuracy!.nearestPixel).toBeGreaterThan(0.35)
  for (const accuracy of Object.values(result.accuracy!)) expect(accuracy).toBeGreaterThan(0.2)
  const run = join(folder, 'runs', 'emoji', 'M2L_N5K1_Conv64F-4x')
  for (const file of ['best.safetensors', 'test-manifest.jsonl', 'quickstart.json']) {
    expect(existsSync(join(run, file)), file).toBe(true)
  }
})
