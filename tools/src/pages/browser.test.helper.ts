import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import sharp from 'sharp'

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Starts the system's Chromium without a window. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumFile(), args: ['--no-sandbox'] })
}

/** @throws where there is none, saying in a line how to get it */
function chromiumFile(): string {
  const { CHROMIUM: named, PATH = '' } = process.env
  if (named) return named
  const found = PATH.split(delimiter)
    .flatMap((folder) => programs.map((name) => join(folder, name)))
    .find(isProgram)
  if (found !== undefined) return found
  throw new Error(
    'no Chromium on the PATH: install it (Debian: apt-get install chromium), or name its file with CHROMIUM=FILE',
  )
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Ways of reading a page. */
export const views: Readonly<Record<string, BrowserContextOptions>> = {
  'a wide light page': { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  'a wide dark page': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  'a light phone': { viewport: { width: 360, height: 740 }, colorScheme: 'light', isMobile: true },
  'a dark phone': { viewport: { width: 360, height: 740 }, colorScheme: 'dark', isMobile: true },
}

/** A file opened without network, and what the browser complained of. */
export interface OpenedPage {
  readonly page: Page
  /** Messages of the console, errors, and requests for anything but the file itself. */
  readonly complaints: readonly string[]
}

/** Opens a file in a browser that is offline. */
export async function openFile(
  browser: Browser,
  file: string,
  options: BrowserContextOptions,
): Promise<OpenedPage> {
  const context = await browser.newContext({ ...options, offline: true })
  const page = await context.newPage()
  const complaints: string[] = []
  const address = pathToFileURL(file).href
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:')) complaints.push(request.url())
  })
  await page.goto(address, { waitUntil: 'load' })
  return { page, complaints }
}

/** Elements that reach beyond the page or out of the cards, but for those that are moved sideways alone. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth
    const outside = (element: Element) => {
      const box = element.getBoundingClientRect()
      return box.width > 0 && (box.right > width + 1 || box.left < -1) && !element.closest('.scroll')
    }
    const found = Array.from(document.body.querySelectorAll('*'))
      .filter(outside)
      .map((element) => `${element.tagName} ${element.textContent?.trim().slice(0, 40)}`)
    return document.documentElement.scrollWidth > width ? [`page of ${width} pixels`, ...found] : found
  })
}

/** Pictures that could not be shown. */
export function brokenPictures(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    Array.from(document.images)
      .filter(({ complete, naturalWidth }) => !complete || naturalWidth === 0)
      .map(({ alt }) => alt),
  )
}

/** How large the smallest letters of charts are on the screen, in pixels. */
export function smallestLetters(page: Page): Promise<number> {
  return page.evaluate(() => {
    const texts = Array.from(document.querySelectorAll('.chart svg text')).filter(
      (text) => text.getBoundingClientRect().height > 0 && text.textContent !== '',
    )
    return Math.min(
      ...texts.map((text) => {
        const svg = text.closest('svg')!
        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
        return scale * Number.parseFloat(getComputedStyle(text).fontSize)
      }),
    )
  })
}

/**
 * The colours of bars, lines, dots and cells that have no pixels in the charts of a section as they are
 * shown.
 *
 * @param section part of its heading
 */
export async function missingColours(page: Page, section: string): Promise<string[]> {
  const charts = page.locator('section', { has: page.locator('h2', { hasText: section }) }).locator('figure')
  const missing: string[] = []
  for (const chart of await charts.all()) {
    const colours = await chart.evaluate(coloursOf)
    if (colours.length === 0) missing.push(`${section}: nothing is drawn`)
    const picture = sharp(await chart.screenshot()).removeAlpha()
    const pixels = await picture.raw().toBuffer()
    for (const { name, colour } of colours) {
      if (countNear(pixels, colour) < fewestPixels) missing.push(`${section}: ${name}`)
    }
  }
  return missing
}

/** A colour with fewer pixels than this is not seen. */
const fewestPixels = 8

/** The colours of what is drawn in a chart, as they look on its card; runs in the browser. */
function coloursOf(figure: Element): { name: string; colour: number[] }[] {
  const probe = document.body.appendChild(document.createElement('i'))
  const channelsOf = (colour: string) => {
    probe.style.color = colour
    return getComputedStyle(probe).color.match(/\d+/g)!.map(Number)
  }
  const ground = channelsOf('var(--card)')
  const frame = figure.getBoundingClientRect()
  const shown = Array.from(figure.querySelectorAll('svg rect, svg path, svg circle, svg line')).filter(
    (element) => {
      const box = element.getBoundingClientRect()
      return box.width > 0 && box.left >= frame.left && box.right <= frame.right
    },
  )
  const names = shown.flatMap((element) =>
    ['fill', 'stroke'].flatMap((attribute) => {
      const given = (name: string) =>
        element.getAttribute(name) ?? element.parentElement!.getAttribute(name) ?? undefined
      const colour = given(attribute)
      if (!colour || !/^var\(--(series|right|wrong)/.test(colour)) return []
      return `${colour} ${given(`${attribute}-opacity`) ?? 1}`
    }),
  )
  const colours = Array.from(new Set(names), (name) => {
    const [colour, opacity] = name.split(' ') as [string, string]
    const blend = (channel: number, index: number) =>
      channel * Number(opacity) + ground[index]! * (1 - Number(opacity))
    return { name, colour: channelsOf(colour).map(blend) }
  })
  probe.remove()
  return colours
}

function countNear(pixels: Uint8Array, colour: readonly number[]): number {
  let count = 0
  for (let at = 0; at < pixels.length; at += 3) {
    count += Number(colour.every((value, channel) => Math.abs(pixels[at + channel]! - value) <= 16))
  }
  return count
}
