import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  brokenPictures,
  missingColours,
  openBrowser,
  openFile,
  overflowing,
  smallestLetters,
  views,
} from './browser.test.helper.js'
import { allBlocks } from './building-blocks.test.helper.js'

let browser: Browser
let folder: string
let file: string

beforeAll(async () => {
  browser = await openBrowser()
  folder = await mkdtemp(join(tmpdir(), 'm2l-pages-'))
  file = join(folder, 'page.html')
  await writeFile(file, await allBlocks())
})

afterAll(async () => {
  await browser?.close()
  if (folder) await rm(folder, { recursive: true })
})

describe.each(Object.entries(views))('on %s', (_, options) => {
  it('everything is shown, in its colours, within the page, without network and complaints', async () => {
    const { page, complaints } = await openFile(browser, file, options)
    await page.locator('details').evaluate((element) => element.setAttribute('open', ''))
    expect(await overflowing(page)).toEqual([])
    expect(await brokenPictures(page)).toEqual([])
    for (const section of [
      'Lines',
      'Bars',
      'Rates over decades',
      'Two hundred bars',
      'Odd numbers',
      'Calibration',
      'Ten classes',
      'Thirty classes',
      'Two hundred classes',
    ]) {
      expect(await missingColours(page, section)).toEqual([])
    }
    expect(await smallestLetters(page)).toBeGreaterThanOrEqual(10)
    expect(complaints).toEqual([])
    await page.context().close()
  })
})

it('is a dark page for those who want one, and a white one on paper', async () => {
  const groundOf = async (media: 'screen' | 'print', colorScheme: 'light' | 'dark') => {
    const { page } = await openFile(browser, file, { colorScheme })
    await page.emulateMedia({ media })
    const colour = await page.evaluate(() => getComputedStyle(document.body).getPropertyValue('--card'))
    await page.context().close()
    return colour.trim()
  }
  expect(await groundOf('screen', 'light')).toBe('#ffffff')
  expect(await groundOf('screen', 'dark')).toBe('#1b2027')
  expect(await groundOf('print', 'dark')).toBe('#ffffff')
})

it('fits on paper', async () => {
  const { page, complaints } = await openFile(browser, file, { viewport: { width: 718, height: 1000 } })
  await page.emulateMedia({ media: 'print' })
  expect(await overflowing(page)).toEqual([])
  const paper = await page.pdf({ format: 'A4' })
  expect(paper.subarray(0, 5).toString()).toBe('%PDF-')
  expect(complaints).toEqual([])
  await page.context().close()
})

it('finds what these tests look for where a page has it', async () => {
  const bad = join(folder, 'bad.html')
  const script = '<script>console.log("run")</script>'
  const picture = '<img src="https://example.org/a.png" alt="from afar"><div style="width: 3000px">wide</div>'
  const chart =
    '<section><h2>Lines</h2><figure><svg width="90" height="90"><path fill="var(--series-1)" d="M0 0h80v80z"/><rect width="90" height="90"/></svg></figure></section>'
  const text = await allBlocks()
  await writeFile(bad, text.replace(/<main>[^]*<\/main>/, `<main>${script}${picture}${chart}</main>`))
  const { page, complaints } = await openFile(browser, bad, views['a light phone']!)
  expect(complaints.filter((of) => of.includes('Content Security Policy'))).not.toHaveLength(0)
  expect(complaints).not.toContain('run')
  expect(await overflowing(page)).not.toHaveLength(0)
  expect(await brokenPictures(page)).toEqual(['from afar'])
  expect(await missingColours(page, 'Lines')).toHaveLength(1)
  await page.context().close()
})
