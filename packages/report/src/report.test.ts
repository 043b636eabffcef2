import { parseHTML } from 'linkedom'
import sharp from 'sharp'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  barChart,
  calibrationCurve,
  confusionMatrix,
  details,
  figures,
  html,
  lineChart,
  mostConfused,
  page,
  pictureGrid,
  pictureRows,
  table,
  thumbnail,
  type Html,
} from './index.js'

const documentOf = (markup: Html | string) =>
  parseHTML(`<!doctype html><html><body>${String(markup)}</body></html>`).document
const textsOf = (markup: Html, selector: string) =>
  Array.from(documentOf(markup).querySelectorAll(selector), ({ textContent }) => textContent!.trim())

describe('html', () => {
  it('escapes whatever is put into it and keeps markup', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { document } = parseHTML(html`<p title="${text}">${text}${html`<b>${text}</b>`}</p>`.markup)
        const paragraph = document.querySelector('p')!
        expect(paragraph.textContent).toBe(text + text)
        expect(paragraph.getAttribute('title')).toBe(text)
        expect(paragraph.children).toHaveLength(1)
      }),
    )
  })

  it('joins lists and leaves out what is not there', () => {
    const one: number = 1
    expect(html`<i>${[one, [2, 'a & b']]}${undefined}${one > 2 && 'never'}</i>`.markup).toBe(
      '<i>12a &amp; b</i>',
    )
  })
})

describe('page', () => {
  const text = page({
    title: 'Results of <M2L>',
    summary: 'Some words.',
    sections: ['One', 'Two', 'Three', 'Four'].map((title) => ({
      title,
      note: 'A note.',
      content: 'content',
    })),
    footer: 'The end.',
  })

  it('has its sections under headings, and leads to them', () => {
    const { document } = parseHTML(text)
    expect(document.querySelector('h1')!.textContent).toBe('Results of <M2L>')
    const headings = Array.from(document.querySelectorAll('section h2'), ({ textContent }) => textContent)
    expect(headings).toEqual(['One', 'Two', 'Three', 'Four'])
    const links = Array.from(document.querySelectorAll('nav a'), (link) => link.getAttribute('href')!)
    expect(links.map((link) => document.querySelector(`${link} h2`)!.textContent)).toEqual(headings)
  })

  it('names nothing outside itself and forbids loading and scripts', () => {
    expect(text).not.toMatch(/(src|href)="(?!#|data:)|@import|url\(|<script/)
    expect(text).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`)
  })

  it('is the same text whenever it is made of the same', () => {
    const made = () =>
      page({
        title: 'Bars',
        sections: [
          {
            title: 'One',
            content: barChart({
              label: 'one',
              value: { label: 'value' },
              bars: [{ name: 'a', value: 2, low: 1, high: 3 }],
            }),
          },
        ],
      })
    const first = made()
    expect(first).toContain('url(#marker-')
    expect(made()).toBe(first)
  })
})

describe('charts', () => {
  const points = [1, 2, 3, 4].map((x) => ({ x, y: 1 / x, low: 0.9 / x, high: 1.1 / x }))
  const chart = (series: { name: string; points: { x: number; y: number }[] }[]) =>
    lineChart({ label: 'Loss', x: { label: 'epoch' }, y: { label: 'loss' }, series })

  it('are drawn for wide and narrow pages and told to those who do not see them', () => {
    const document = documentOf(chart([{ name: 'training', points }]))
    const drawings = Array.from(document.querySelectorAll('svg'))
    expect(drawings.map((drawing) => drawing.getAttribute('width'))).toEqual(['760', '320'])
    for (const drawing of drawings) {
      expect(drawing.getAttribute('role')).toBe('img')
      expect(drawing.getAttribute('aria-label')).toBe('Loss')
      expect(drawing.querySelectorAll('circle')).toHaveLength(4)
    }
  })

  it('name the series where there are several, in colours of their own', () => {
    const two = chart([
      { name: 'training', points },
      { name: 'validation', points },
    ])
    expect(textsOf(two, '.legend li')).toEqual(['training', 'validation'])
    for (const colour of ['var(--series-1)', 'var(--series-2)'])
      expect(two.markup).toContain(`stroke="${colour}"`)
    expect(textsOf(chart([{ name: 'training', points }]), '.legend li')).toEqual([])
  })

  it('have gaps where numbers are not finite', () => {
    const broken = [...points, { x: 5, y: Number.NaN }, { x: 6, y: 0.2 }, { x: 7, y: 0.1 }]
    const path = documentOf(chart([{ name: 'training', points: broken }])).querySelector(
      '[aria-label="line"] path',
    )!
    expect(path.getAttribute('d')!.match(/M/g)).toHaveLength(2)
    expect(path.getAttribute('d')).not.toContain('NaN')
  })

  it('have a bar for each name, though names repeat, and its interval', () => {
    const bars = ['apple', 'apple', '<pear>'].map((name, index) => ({
      name,
      value: 0.2 * index,
      low: 0,
      high: 1,
    }))
    const drawn = documentOf(
      barChart({
        label: 'Accuracy',
        value: { label: 'accuracy (%)', percent: true, domain: [0, 1] },
        bars,
        reference: { name: 'chance', value: 0.2 },
      }),
    )
    const [wide] = Array.from(drawn.querySelectorAll('svg'))
    const widths = Array.from(wide!.querySelectorAll('[aria-label="bar"] rect'), (rect) =>
      Number(rect.getAttribute('width')),
    )
    expect(widths).toHaveLength(3)
    expect(widths[2]! / widths[1]!).toBeCloseTo(2, 6)
    expect(wide!.textContent).toContain('<pear>')
    expect(drawn.querySelector('figcaption')!.textContent).toContain('chance')
  })

  it('show the learning rates of steps as far apart as they are', () => {
    const rates = [0.1, 0.1, 0.01, 0.001].map((y, index) => ({ x: index + 1, y }))
    const drawn = documentOf(
      lineChart({
        label: 'Rates',
        x: { label: 'epoch' },
        y: { label: 'rate', domain: [0, 0.1], logarithmic: true },
        series: [{ name: 'rate', points: rates }],
      }),
    )
    const dots = Array.from(drawn.querySelectorAll('svg[width="760"] circle'), (dot) =>
      Number(dot.getAttribute('cy')),
    )
    expect(dots[2]! - dots[1]!).toBeCloseTo(dots[3]! - dots[2]!, 6)
    expect(dots[3]! - dots[2]!).toBeGreaterThan(80)
    const ticks = (axis: string) =>
      Array.from(
        drawn.querySelectorAll(`svg[width="760"] [aria-label="${axis}-axis tick label"] text`),
        ({ textContent }) => textContent,
      )
    expect(ticks('x')).toEqual(['1', '2', '3', '4'])
    expect(ticks('y')).toEqual(expect.arrayContaining(['0.001', '0.01', '0.1']))
    expect(drawn.querySelector('svg')!.textContent).toContain('rate, logarithmic')
  })

  const bars = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `class ${index + 1}`, value: (index + 1) / count }))
  const namesOf = (count: number) =>
    Array.from(
      documentOf(barChart({ label: 'Bars', value: { label: 'value' }, bars: bars(count) })).querySelectorAll(
        'svg[width="760"] [aria-label="y-axis tick label"] text',
      ),
      ({ textContent }) => textContent,
    )

  it.each([1, 2, 29, 30, 31, 40])('draw each of %d bars once', (count) => {
    expect(namesOf(count)).toEqual(bars(count).map(({ name }) => name))
  })

  it.each([41, 200, 2000])('draw the ends of %d bars with a gap between, and say so', (count) => {
    const names = bars(count).map(({ name }) => name)
    expect(namesOf(count)).toEqual([...names.slice(0, 15), '⋮', ...names.slice(-15)])
    const drawn = documentOf(barChart({ label: 'Bars', value: { label: 'value' }, bars: bars(count) }))
    expect(drawn.querySelector('svg')!.textContent).toContain(`${count - 30} more`)
    expect(drawn.querySelector('figcaption')!.textContent).toBe(`The first 15 and the last 15 of ${count}.`)
    expect(drawn.querySelectorAll('svg[width="760"] [aria-label="bar"] rect')).toHaveLength(30)
  })

  const odd = [Number.NaN, Infinity, -Infinity, 0, -1, 1, 1e308, -1e308, 5e-324, 1e300, 123456789]

  it('stand whatever the numbers', () => {
    const values = fc.array(fc.oneof(fc.constantFrom(...odd), fc.double()), { maxLength: 50 })
    fc.assert(
      fc.property(values, fc.boolean(), (ys, logarithmic) => {
        const scale = { label: 'y', ...(logarithmic && { logarithmic: true as const }) }
        const some = ys.map((y, x) => ({ x, y, low: ys[x + 1] ?? y, high: ys[x - 1] ?? y }))
        const line = lineChart({
          label: 'Line',
          x: { label: 'x' },
          y: scale,
          series: [{ name: 'a', points: some }],
        })
        const lying = barChart({
          label: 'Bars',
          value: { label: 'y' },
          bars: ys.map((value, index) => ({ name: `${index}`, value })),
        })
        for (const { markup } of [line, lying]) expect(markup).not.toMatch(/NaN|Infinity|undefined/)
      }),
      { numRuns: 40 },
    )
  })

  it('say that there is nothing where there is nothing', () => {
    const line = lineChart({ label: 'Loss', x: { label: 'x' }, y: { label: 'y' }, series: [] })
    const none = barChart({ label: 'Bars', value: { label: 'y' }, bars: [] })
    const matrix = confusionMatrix({ classes: [], counts: [] })
    for (const empty of [line, none, matrix]) {
      expect(documentOf(empty).querySelector('svg')).toBeNull()
      expect(documentOf(empty).body.textContent).toContain('there are no numbers to show')
    }
  })

  it('hold names that break lines or turn the direction of writing', () => {
    const drawn = barChart({
      label: 'Bars',
      value: { label: 'value' },
      bars: ['two\nlines', '\u202Eturned', 'بطاطا'].map((name) => ({ name, value: 1 })),
    })
    const names = Array.from(
      documentOf(drawn).querySelectorAll('svg[width="760"] [aria-label="y-axis tick label"] text'),
      ({ textContent }) => textContent,
    )
    expect(names).toEqual(['two\uFFFDlines', '\uFFFDturned', 'بطاطا'])
  })

  it('tell the calibration of each series', () => {
    const empty = { confidence: 0.1, accuracy: 0, count: 0 }
    const full = [0.4, 0.6, 0.8].map((confidence) => ({ confidence, accuracy: confidence - 0.05, count: 10 }))
    const curve = calibrationCurve([
      { name: 'fused', error: 0.05, points: [empty, ...full] },
      { name: 'part', error: 0.123, points: full },
    ])
    expect(textsOf(curve, '.legend li')).toEqual(['fused, ECE 5.0 %', 'part, ECE 12.3 %'])
    expect(documentOf(curve).querySelectorAll('svg[width="760"] circle')).toHaveLength(6)
  })
})

describe('confusionMatrix', () => {
  const square = (size: number, of: (row: number, column: number) => number) => ({
    classes: Array.from({ length: size }, (_, index) => `class ${index}`),
    counts: Array.from({ length: size }, (_, row) =>
      Array.from({ length: size }, (__, column) => of(row, column)),
    ),
  })

  it('draws a cell for each pair that occurs, with its share of the row', () => {
    const confusion = square(3, (row, column) => (row === column ? 8 : column === 0 ? 2 : 0))
    const document = documentOf(confusionMatrix(confusion))
    const cells = Array.from(
      document.querySelectorAll('[aria-label="cell"] rect'),
      ({ textContent }) => textContent,
    )
    expect(cells).toEqual([
      'class 0 as class 0: 8, 100.0 %',
      'class 1 as class 0: 2, 20.0 %',
      'class 1 as class 1: 8, 80.0 %',
      'class 2 as class 0: 2, 20.0 %',
      'class 2 as class 2: 8, 80.0 %',
    ])
    expect(mostConfused(confusion, 1)).toEqual([
      { actual: 'class 1', predicted: 'class 0', count: 2, share: 0.2 },
    ])
  })

  it('shows the worst hundred of more classes, and says so', () => {
    const document = documentOf(
      confusionMatrix(
        square(150, (row, column) => (row === column ? 150 - row : row === 149 - column ? row : 0)),
      ),
    )
    expect(document.querySelector('figcaption')!.textContent).toContain('The 100 of 150 classes')
    const names = Array.from(
      document.querySelectorAll('[aria-label="y-axis tick label"] text'),
      ({ textContent }) => textContent,
    )
    expect(names).toHaveLength(100)
    expect(names.at(-1)).toBe('class 149')
  })

  it('counts classes that do not occur as none of the worst', () => {
    const drawn = confusionMatrix(square(150, (row, column) => (row < 50 || row !== column ? 0 : 3)))
    const names = Array.from(
      documentOf(drawn).querySelectorAll('[aria-label="y-axis tick label"] text'),
      ({ textContent }) => textContent,
    )
    expect(names).toEqual(Array.from({ length: 100 }, (_, index) => `class ${50 + index}`))
  })

  it('takes a class without predictions', () => {
    expect(confusionMatrix(square(2, (row) => row)).markup).not.toContain('NaN')
  })
})

describe('pictures', () => {
  const bytes = (format: 'png' | 'jpeg' | 'webp' | 'gif') =>
    sharp({ create: { width: 4, height: 3, channels: 3, background: 'red' } })
      .toFormat(format)
      .toBuffer()

  it('are embedded by their content', async () => {
    for (const format of ['png', 'jpeg', 'webp', 'gif'] as const) {
      const grid = documentOf(pictureGrid([{ picture: await bytes(format), name: 'red' }]))
      const source = grid.querySelector('img')!.getAttribute('src')!
      expect(source.startsWith(`data:image/${format};base64,`)).toBe(true)
      const { width } = await sharp(Buffer.from(source.split(',')[1]!, 'base64')).metadata()
      expect(width).toBe(4)
    }
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    const { markup } = pictureGrid([{ picture: svg, name: 'drawing' }])
    expect(markup).toContain('data:image/svg+xml;base64,')
    expect(markup).not.toContain('<script')
  })

  it('are refused where they are none', () => {
    const grid = (picture: string | Uint8Array) => () => pictureGrid([{ picture, name: 'x' }])
    expect(grid('https://example.org/a.png')).toThrow(TypeError)
    expect(grid('data:text/html,<p>')).toThrow(TypeError)
    expect(grid(new Uint8Array([1, 2, 3]))).toThrow(TypeError)
  })

  it('say what was right and wrong without colours', async () => {
    const picture = await bytes('png')
    const rows = pictureRows(
      ['class', 'support', 'queries'],
      [
        {
          name: 'apple',
          groups: [
            [{ picture, name: 'apple 1' }],
            [
              { picture, name: 'apple 2', mark: 'right', caption: '90 %' },
              { picture, name: 'apple 3', mark: 'wrong', caption: 'pear, 60 %' },
            ],
          ],
        },
      ],
    )
    expect(textsOf(rows, 'li')).toEqual(['', '✓ 90 %', '✗ pear, 60 %'])
    expect(textsOf(rows, '.label')).toEqual(['support', 'queries'])
  })

  it('are made small, upright, and not enlarged', async () => {
    const wide = await sharp({ create: { width: 600, height: 300, channels: 3, background: 'blue' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    const size = async (picture: Uint8Array) => {
      const { width, height, format } = await sharp(picture).metadata()
      return [width, height, format]
    }
    expect(await size(await thumbnail(wide, 100))).toEqual([50, 100, 'webp'])
    const pixels = { width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 0, 0, 255) }
    expect(await size(await thumbnail(pixels, 100))).toEqual([2, 1, 'webp'])
  })
})

it('tables, figures and details hold what they are given', () => {
  const made = table({ columns: ['class', { name: 'count', number: true }], rows: [['<a>', 3]] })
  expect(textsOf(made, 'th')).toEqual(['class', 'count'])
  expect(textsOf(made, 'td')).toEqual(['<a>', '3'])
  expect(textsOf(made, 'td.number')).toEqual(['3'])
  expect(textsOf(figures([{ label: 'accuracy', value: '80 %', detail: '± 1' }]), 'dt, dd')).toEqual([
    'accuracy',
    '80 %',
    '± 1',
  ])
  expect(textsOf(details('All', made), 'summary')).toEqual(['All'])
})
