import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatasetCheck } from '@m2l/datasets'
import sharp from 'sharp'
import { beforeAll, expect, test } from 'vitest'
import {
  globalLevelOnly,
  m2l,
  m2lHere,
  smallRecipe,
  start,
  temporaryFolder,
  writePatterns,
} from './m2l-process.test.helper.js'

/**
 * Of 24 classes of 12 pictures: a copy within a class, one in another split, a broken picture, and an odd
 * name.
 */
let folder: string
beforeAll(async () => {
  folder = await temporaryFolder()
  await writePatterns(join(folder, 'patterns'))
  const at = (path: string) => join(folder, 'patterns', path)
  await rename(at('train/train-1'), at('train/пёс 🐕 #1'))
  await writeFile(at('.DS_Store'), 'left behind')
  await cp(at('train/train-0/3.png'), at('train/train-0/copy.png'))
  await cp(at('train/train-2/5.png'), at('test/test-4/from train.png'))
  await writeFile(at('train/пёс 🐕 #1/cut.png'), (await readFile(at('train/train-3/0.png'))).subarray(0, 60))
  await writeFile(join(folder, 'm2l.yaml'), smallRecipe)
})

test('m2l data check tells people and programs, and its list makes a data set that can be learned', async () => {
  const told = await m2lHere(folder, 'data', 'check', 'patterns', '--near', '0', '--fix')
  expect(told).toMatchObject({
    exitCode: 0,
    stderr: 'left out 1 entry: 1 hidden or left by a system (.DS_Store)\n',
  })
  for (const line of [
    '1 broken picture\n  train/пёс 🐕 #1/cut.png: is cut off or damaged',
    '2 copies of 2 pictures: 1 in one class, 1 in several splits',
    '  train/train-2/5.png = test/test-4/from train.png (the same file)',
    'leakage between splits\n  2 pictures with a copy in another split',
    'all pictures are 32x32',
    'patterns.exclude.yaml: names 4 pictures to leave out',
  ]) {
    expect(told.stdout).toContain(line)
  }

  const json = await m2lHere(folder, 'data', 'check', 'patterns', '--json')
  const found = JSON.parse(json.stdout) as DatasetCheck
  expect(found.images).toBe(291)
  expect(found.exclusions.map(({ id }) => id)).toEqual([
    'train/пёс 🐕 #1/cut.png',
    'train/train-0/copy.png',
    'train/train-2/5.png',
    'test/test-4/from train.png',
  ])

  const show = (...words: string[]) => m2lHere(folder, 'data', 'show', 'patterns', '--json', ...words)
  const images = ({ stdout }: { stdout: string }) =>
    (JSON.parse(stdout) as { splits: { images: number }[] }).splits.map((split) => split.images)
  expect(images(await show())).toEqual([98, 96, 97])
  expect(images(await show('--exclude', 'patterns.exclude.yaml'))).toEqual([95, 96, 96])

  const pretrain = ['pretrain', '--cfg', 'm2l.yaml', 'pre.epochs=1', ...globalLevelOnly]
  expect((await m2lHere(folder, ...pretrain)).stderr).toContain('cut.png: is cut off or damaged')
  const learned = await m2lHere(folder, ...pretrain, 'data.exclude=patterns.exclude.yaml', '--restart')
  expect(learned.exitCode, learned.stderr).toBe(0)
})

test('its page shows the pictures, and needs no network', async () => {
  const { exitCode } = await m2lHere(
    folder,
    'data',
    'check',
    'patterns',
    '--near',
    '0',
    '--report',
    'page.html',
  )
  expect(exitCode).toBe(0)
  const page = await readFile(join(folder, 'page.html'), 'utf8')
  expect(page.match(/src="data:image\/webp;base64,/g)!.length).toBeGreaterThanOrEqual(4)
  for (const text of [
    'train/пёс 🐕 #1/cut.png',
    'test/test-4/from train.png',
    'the same file, in several splits',
  ]) {
    expect(page).toContain(text)
  }
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//)
  const refused = await m2lHere(folder, 'data', 'check', 'patterns', '--report', 'patterns')
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
})

test('a folder of one class, of even pictures or of none is told of in a line', async () => {
  const one = join(folder, 'one')
  await mkdir(join(one, 'only'), { recursive: true })
  await cp(join(folder, 'patterns/train/train-0/0.png'), join(one, 'only/0.png'))
  const { stdout } = await m2lHere(folder, 'data', 'check', 'one')
  expect(stdout).toContain('1 near-empty class\n  only (all): 1 picture, expected at least 5')
  await mkdir(join(folder, 'none'))
  const refused = await m2lHere(folder, 'data', 'check', 'none')
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
  expect(refused.stderr).toMatch(/^m2l: none: holds no images \(.*\)\n$/)
})

test('verbose tells progress where there is no terminal, quiet nothing', async () => {
  const verbose = await m2l(folder, 'data', 'check', 'patterns', '--verbose', '--json')
  expect(verbose.stderr).toMatch(/^checking 0\/291\n(checking .*\n)*checking 291\/291/)
  const quiet = await m2l(folder, 'data', 'check', 'patterns', '--quiet', '--json')
  expect(quiet.stderr).toBe('')
  expect(Object.keys(JSON.parse(quiet.stdout) as object)).toEqual(
    Object.keys(JSON.parse(verbose.stdout) as object),
  )
})

test('Ctrl-C ends a check and says how to start it again', async () => {
  const many = join(folder, 'many')
  for (let copy = 0; copy < 40; copy++)
    await cp(join(folder, 'patterns/val'), join(many, `copy ${copy}`), { recursive: true })
  const run = start(folder, ['data', 'check', 'many', '--fix', 'a list.yaml', '--verbose'])
  run.onError('checking', () => run.kill('SIGINT'))
  const { exitCode, stdout, stderr } = await run.finished
  expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' })
  expect(stderr).toContain('stopping after the step under way; Ctrl-C again leaves at once\n')
  expect(stderr).toContain(
    "m2l: interrupted; nothing was written; start again with: npx m2l data check many --fix 'a list.yaml' --verbose\n",
  )
})

test('m2l data check tells which pictures are read otherwise than they may look', async () => {
  const picture = (background: string) =>
    sharp({ create: { width: 32, height: 32, channels: 3, background } })
  const frames = await Promise.all(['red', 'blue'].map((colour) => picture(colour).png().toBuffer()))
  await mkdir(join(folder, 'remarkable/cat'), { recursive: true })
  await sharp(frames, { join: { animated: true } })
    .gif()
    .toFile(join(folder, 'remarkable/cat/1.gif'))
  for (const [name, colour] of [['2', 'green'], ['3', 'gold']] as const) {
    await picture(colour).withIccProfile('p3').jpeg().toFile(join(folder, `remarkable/cat/${name}.jpg`))
  } // prettier-ignore
  const { stdout } = await m2lHere(folder, 'data', 'check', 'remarkable')
  expect(stdout).toContain(
    `pictures that are read otherwise than they may look
  cat/2.jpg (2 pictures in all): has a colour profile other than sRGB, which is passed over
  cat/1.gif: holds several pictures (an animation, pages), of which the first is read`,
  )
})
