import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { workspaceRoot } from '../workspace.js'
import {
  brokenPictures,
  missingColours,
  openBrowser,
  openFile,
  overflowing,
  smallestLetters,
  views,
} from './browser.test.helper.js'

let browser: Browser
let folder: string

const m2l = (...words: string[]) =>
  spawn(process.execPath, [join(workspaceRoot, 'packages/cli/bin/m2l.js'), ...words], { cwd: folder })

beforeAll(async () => {
  browser = await openBrowser()
  folder = await mkdtemp(join(tmpdir(), 'm2l-pages-'))
  await writePictures()
  await writeFile(join(folder, 'small.yaml'), recipe)
  await m2l('pretrain', '--cfg', 'small.yaml', 'run.folder=runs/pre')
  await m2l('train', '--cfg', 'small.yaml', 'run.folder=runs/m2l', 'model.weights=pre/best.safetensors')
  await m2l('evaluate', '--cfg', 'small.yaml', 'run.folder=runs/m2l', '--report', 'evaluation.html')
})

afterAll(async () => {
  await browser?.close()
  if (folder) await rm(folder, { recursive: true })
})

const pages: readonly (readonly [name: string, file: string, charts: readonly string[]])[] = [
  ['pretraining', 'runs/pre/report.html', ['Loss', 'Accuracy', 'Learning rate']],
  ['training', 'runs/m2l/report.html', ['Loss', 'Accuracy', 'Learning rate']],
  [
    'evaluation',
    'evaluation.html',
    ['Accuracy', 'Accuracy of each class', 'Confusion', 'Accuracy against shots', 'Calibration'],
  ],
]

describe.each(pages)('the page of %s', (_, file, charts) => {
  it.each(Object.entries(views))('is shown whole on %s', async (__, options) => {
    const { page, complaints } = await openFile(browser, join(folder, file), options)
    for (const hidden of await page.locator('details').all()) {
      await hidden.evaluate((element) => element.setAttribute('open', ''))
    }
    expect(await overflowing(page)).toEqual([])
    expect(await brokenPictures(page)).toEqual([])
    for (const chart of charts) expect(await missingColours(page, chart)).toEqual([])
    expect(await smallestLetters(page)).toBeGreaterThanOrEqual(10)
    expect(complaints).toEqual([])
    await page.context().close()
  })
})

it('shows every epoch of a run that was gone on with', async () => {
  const resumed = ['run.folder=runs/m2l', 'model.weights=pre/best.safetensors', 'train.epochs=3', '--resume']
  await m2l('train', '--cfg', 'small.yaml', ...resumed)
  const { page } = await openFile(browser, join(folder, 'runs/m2l/report.html'), {})
  await page
    .locator('details')
    .first()
    .evaluate((element) => element.setAttribute('open', ''))
  const epochs = page.locator('section', { hasText: 'All numbers' }).locator('tbody tr td:first-child')
  expect(await epochs.allInnerTexts()).toEqual(['1', '2', '3'])
  expect(await page.locator('header').innerText()).toContain('All 3 epochs are done')
  await page.context().close()
})

it('shows the hardest episodes with their support, their queries and what was predicted', async () => {
  const { page } = await openFile(browser, join(folder, 'evaluation.html'), {})
  const section = page.locator('section', {
    has: page.getByRole('heading', { name: 'The hardest episodes' }),
  })
  expect(await section.locator('h3').count()).toBe(3)
  const rows = section.locator('.rows').first().locator('.name')
  const names = await rows.allInnerTexts()
  expect(names).toHaveLength(3)
  for (const name of names) expect(classNames).toContain(name)
  expect(await section.locator('img').count()).toBe(3 * 3 * (1 + 2))
  const [manifest, ...episodes] = (await readFile(join(folder, 'runs/m2l/predictions.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { fused: number[]; queries: number })
  const mistakes = episodes.map(
    ({ fused }) => fused.filter((way, query) => way !== Math.floor(query / manifest!.queries)).length,
  )
  const worst = mistakes.sort((a, b) => b - a).slice(0, 3)
  expect(await section.locator('.wrong').count()).toBe(worst.reduce((sum, count) => sum + count, 0))
  await page.context().close()
})

it('draws why the surest mistakes of the hardest episodes were made', async () => {
  const { page } = await openFile(browser, join(folder, 'evaluation.html'), {})
  const section = page.locator('section', { has: page.getByRole('heading', { name: 'Why', exact: true }) })
  const drawings = section.locator('img')
  expect(await drawings.count()).toBe(3)
  for (const drawing of await drawings.all()) {
    expect(await drawing.evaluate((element) => (element as HTMLImageElement).naturalWidth)).toBeGreaterThan(0)
  }
  await page.context().close()
})

/** Names that folders may have. */
const classNames = ['red apple', 'зелёная груша', '黄色のレモン', '🫐 berries', '<i>fig</i> & co']

/** Pictures to learn from: five classes a split, ten images a class, that a small model confuses at times. */
async function writePictures(): Promise<void> {
  for (const [number, split] of ['train', 'val', 'test'].entries()) {
    for (const [index, name] of classNames.entries()) {
      const ofClass = join(folder, 'pictures', split, split === 'test' ? name : `${split} ${index}`)
      await mkdir(ofClass, { recursive: true })
      for (let image = 0; image < 10; image++) {
        const hue = 67 * number + 24 * index + 5 * image
        const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"><rect width="32" height="32" fill="hsl(${hue}, 60%, 50%)"/><circle cx="${8 + image}" cy="16" r="${4 + index}" fill="white"/></svg>`
        await sharp(Buffer.from(svg))
          .png()
          .toFile(join(ofClass, `${image}.png`))
      }
    }
  }
}

const recipe = `
n_way: 3
model: { encoder: FourLayer_64F_4x, forward_encoding: Grid-2 }
data: { dataset: pictures, image_dir: pictures, image_size: 16 }
train: { query_per_class_per_episode: 1, batch_size: 1, episode_per_epoch: 12, epochs: 2 }
val: { episode: 5 }
test: { query_per_class_per_episode: 2, episode: 30 }
pre: { epochs: 2, batch_size: 32, snapshot_epoch: 1, snapshot_interval: 1, val_episode: 5 }
`
