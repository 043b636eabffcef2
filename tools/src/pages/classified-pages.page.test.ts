import { access, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { workspaceRoot } from '../workspace.js'
import { brokenPictures, openBrowser, openFile, overflowing, views } from './browser.test.helper.js'

/** Labels of classes, of which a file says what people call them. */
const names: Readonly<Record<string, string>> = {
  n01: 'زهرة عباد الشمس',
  n02: 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen',
  n03: '<b>"bee"</b> & co',
  n04: '狗和猫在花园里玩耍的照片',
}

let browser: Browser
let folder: string

beforeAll(async () => {
  browser = await openBrowser()
  folder = await mkdtemp(join(tmpdir(), 'm2l-pages-'))
  for (const [index, label] of Object.keys(names).entries()) {
    await writePictures(join('examples', label), index, [0, 1, 2])
    await writePictures(
      join('photos', label),
      index,
      Array.from({ length: 14 }, (_, image) => image + 3),
    )
  }
  await writePictures(join('examples', 'n02'), 0, [9]) // of another class
  await writePictures(join('photos', 'n03'), 1, [20])
  await writeFile(join(folder, 'labels.json'), JSON.stringify(names))
  const by = ['--support', 'examples', '--weights', 'emoji-conv64f']
  await m2l('classify', ...by, '--query', 'photos', '--report', 'found.html', '--unknown', 'auto')
  await m2l('explain', ...by, '--query', 'photos/n03', '--out', 'why')
  const heads = ['--head', 'centred', '--features', 'Centre']
  await m2l('classify', ...by, ...heads, '--query', 'photos', '--report', 'fitted.html')
})

afterAll(async () => {
  await browser?.close()
  if (folder) await rm(folder, { recursive: true })
})

const m2l = (...words: string[]) =>
  spawn(process.execPath, [join(workspaceRoot, 'packages/cli/bin/m2l.js'), ...words], { cwd: folder })

describe.each(['found.html', 'fitted.html', 'why/index.html'])('%s', (file) => {
  it.each(Object.entries(views))('is shown whole on %s', async (_, options) => {
    const { page, complaints } = await openFile(browser, join(folder, file), options)
    for (const hidden of await page.locator('details').all()) {
      await hidden.evaluate((element) => element.setAttribute('open', ''))
    }
    expect(await overflowing(page)).toEqual([])
    expect(await brokenPictures(page)).toEqual([])
    expect(await largerThanShown(page)).toEqual([])
    expect(await withoutWords(page)).toEqual([])
    expect(complaints).toEqual([])
    await page.context().close()
  })
})

it('calls classes by their names and shows what files are called', async () => {
  const { page } = await openFile(browser, join(folder, 'found.html'), views['a wide light page']!)
  const rows = page
    .locator('section', { hasText: 'What was found, the doubtful first' })
    .locator('.rows .name')
  expect((await rows.allInnerTexts()).slice(0, 4)).toEqual(Object.values(names))
  const captions = await page.locator('.pictures li span').allInnerTexts()
  expect(captions.length).toBeGreaterThan(40)
  for (const caption of captions) expect(caption).toContain('.jpg')
  await page.context().close()
})

it.each(['found.html', 'fitted.html'])('draws why, in %s', async (file) => {
  const { page } = await openFile(browser, join(folder, file), views['a wide light page']!)
  const section = page.locator('section', { has: page.getByRole('heading', { name: 'Why', exact: true }) })
  expect(await section.locator('figure img').count()).toBeGreaterThan(0)
  const drawing = await section
    .locator('figure img')
    .first()
    .evaluate((image) => atob((image as HTMLImageElement).src.split(',')[1]!))
  expect(drawing).toContain(file === 'fitted.html' ? 'they sum to nothing' : 'they sum to the lead')
  expect(await page.getByText('is not drawn').count()).toBe(0)
  await page.context().close()
})

it('leads to drawings by the keyboard', async () => {
  const { page } = await openFile(browser, join(folder, 'why/index.html'), views['a wide light page']!)
  const links = await page
    .locator('tbody a')
    .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href))
  expect(links).toHaveLength(3 * 15)
  for (const link of links) await access(new URL(link))
  for (let step = 0; step < 3; step++) await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.closest('td') !== null)).toBe(true)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\.svg$/)
  await page.context().close()
})

it('is small', async () => {
  expect((await stat(join(folder, 'found.html'))).size).toBeLessThan(1.5e6)
  expect((await stat(join(folder, 'why/index.html'))).size).toBeLessThan(1e5)
})

/** Pictures with more pixels than a sharp screen needs. */
function largerThanShown(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    Array.from(document.images)
      .filter(
        ({ src, naturalWidth, clientWidth }) =>
          !src.startsWith('data:image/svg') && naturalWidth > 1.6 * clientWidth,
      )
      .map(({ alt, naturalWidth, clientWidth }) => `${alt}: ${naturalWidth} pixels at ${clientWidth}`),
  )
}

/** What says nothing to those who do not see it, or cannot be reached by the keyboard. */
function withoutWords(page: Page): Promise<string[]> {
  return page.evaluate(() => [
    ...Array.from(document.images)
      .filter(({ alt }) => alt === '')
      .map(() => 'a picture without alt'),
    ...Array.from(
      document.querySelectorAll('svg[role=img]:not([aria-label])'),
      () => 'a chart without label',
    ),
    ...Array.from(document.querySelectorAll('table'))
      .filter((of) => !of.querySelector('th[scope=col]'))
      .map(() => 'a table without headings'),
    ...Array.from(
      document.querySelectorAll('.scroll:not([tabindex])'),
      () => 'what scrolls without the keyboard',
    ),
  ])
}

/** Photographs of a sort: noise on a disc, larger than a page shows them. */
async function writePictures(place: string, kind: number, images: readonly number[]): Promise<void> {
  await mkdir(join(folder, place), { recursive: true })
  for (const image of images) {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="260"><filter id="n"><feTurbulence baseFrequency=".2" seed="${image}"/><feBlend in2="SourceGraphic" mode="multiply"/></filter><g filter="url(#n)"><rect width="300" height="260" fill="hsl(${90 * kind}, 60%, 60%)"/><circle cx="${100 + 4 * image}" cy="130" r="${40 + 20 * kind}" fill="hsl(${90 * kind + 150}, 80%, 70%)"/></g></svg>`
    await sharp(Buffer.from(svg))
      .flatten({ background: '#fff' })
      .jpeg()
      .toFile(join(folder, place, `image ${kind}-${image}.jpg`))
  }
}
