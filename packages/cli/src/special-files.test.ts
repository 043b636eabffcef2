import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { learnableFolder, m2lHere, pattern } from './m2l-process.test.helper.js'

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
    /^(?:[^\n]*\n)*m2l: [^\n]*(pipe|\/dev\/zero)[^\n]* (is neither|is a pipe|is a device|no such) ?[^\n]*\n$/,
  )
  expect(exitCode).toBe(2)
})

test('data show and classify tell what they leave out, and count each real file once', async () => {
  const photos = join(folder, 'photos')
  await mkdir(photos)
  for (const [number, name] of ['fox', 'line\nbreak'].entries()) {
    await mkdir(join(photos, name))
    for (const image of [0, 1, 2]) {
      await writeFile(join(photos, name, `${image}.jpe`), await pattern(number, image))
    }
  }
  await symlink('.', join(photos, 'latest'))
  await symlink('fox', join(photos, 'vulpes'))
  execFileSync('mkfifo', [join(photos, 'fox/pipe.jpg')])
  const line =
    'photos: left out 5 entries: 1 pipe, socket, device or the like (fox/pipe.jpg); 1 link to a folder that is read already (latest); ' +
    '3 names of files that count for other classes (vulpes/0.jpe is fox/0.jpe, vulpes/1.jpe is fox/1.jpe, vulpes/2.jpe is fox/2.jpe)\n'
  const shown = await m2lHere(folder, 'data', 'show', 'photos', '--json')
  expect(shown).toMatchObject({ exitCode: 0, stderr: line })
  const { splits, leftOut } = JSON.parse(shown.stdout) as {
    splits: { classes: number; images: number }[]
    leftOut: { reason: string; entries: number }[]
  }
  expect(splits).toMatchObject([{ classes: 2, images: 6 }])
  expect(leftOut.map(({ reason, entries }) => [reason, entries])).toEqual([
    ['special', 1],
    ['link-back', 1],
    ['same-file-other-class', 3],
  ])
  const both = ['--support', 'photos', '--query', 'photos', '--weights', 'emoji-conv64f']
  const classified = await m2lHere(folder, 'classify', ...both, '--json')
  expect(classified.exitCode).toBe(0)
  expect(classified.stderr.startsWith(line)).toBe(true)
  const { predictions, classes } = JSON.parse(classified.stdout) as {
    predictions: unknown[]
    classes: Record<string, number>
  }
  expect(predictions).toHaveLength(6)
  expect(classes).toEqual({ fox: 3, 'line\nbreak': 3 })
})
