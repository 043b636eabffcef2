import {
  barChart,
  calibrationCurve,
  confusionMatrix,
  details,
  figures,
  lineChart,
  page,
  pictureRows,
  table,
  thumbnail,
  type Confusion,
} from '@m2l/report'

/** Names that are hard to lay out. */
const names = [
  'apple',
  'маленькая собака',
  '狗和猫在花园里玩耍的照片',
  '👩‍👩‍👧 family of three',
  'a class name that does not come to an end for quite a while',
  'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen',
  '<b>bold</b> & "quoted"',
  'بطاطا',
  'x',
  'grape',
]

/** A page of everything that `@m2l/report` makes, with names and numbers that are hard to lay out. */
export async function allBlocks(): Promise<string> {
  const epochs = Array.from({ length: 30 }, (_, index) => index + 1)
  const line = (name: string, height: number) => ({
    name,
    points: epochs.map((x) => ({ x, y: height / x, low: (0.9 * height) / x, high: (1.1 * height) / x })),
  })
  const bars = names.map((name, index) => ({
    name,
    value: 1 - index / 12,
    low: 0.95 - index / 12,
    high: Math.min(1, 1.05 - index / 12),
    text: `${(100 - (100 * index) / 12).toFixed(1)} ± 5.0`,
  }))
  const pictures = await Promise.all([0, 1, 2].map(stripes))
  const rows = names.slice(0, 6).map((name, index) => ({
    name,
    groups: [
      [{ picture: pictures[index % 3]!, name }],
      names.map((other, query) => ({
        picture: pictures[query % 3]!,
        name: `query ${query}`,
        mark: query === index ? ('right' as const) : ('wrong' as const),
        caption: query === index ? '88 %' : `${other} 54 %`,
      })),
    ],
  }))
  return page({
    title: `Everything, of ${names[5]}`,
    summary: 'A page for tests.',
    sections: [
      {
        title: 'Figures',
        content: figures(
          names.map((label, index) => ({ label, value: `${index}.0 %`, detail: 'in the last epoch' })),
        ),
      },
      {
        title: 'Lines',
        note: names.join(', '),
        content: lineChart({
          label: 'Four lines',
          x: { label: 'epoch', whole: true, domain: [0, 30] },
          y: { label: 'loss' },
          series: [line('training', 3), line('validation', 2), line(names[4]!, 1.2), line('fourth', 0.5)],
          caption: 'With intervals.',
        }),
      },
      {
        title: 'Bars',
        content: barChart({
          label: 'Bars',
          value: { label: 'accuracy (%)', percent: true, domain: [0, 1] },
          bars,
          reference: { name: 'chance', value: 0.2 },
        }),
      },
      {
        title: 'Calibration',
        content: calibrationCurve(
          ['fused', 'part', 'pixel', 'global'].map((name, index) => ({
            name,
            error: 0.05 * index,
            points: [0.3, 0.5, 0.7, 0.9].map((confidence) => ({
              confidence,
              accuracy: confidence - 0.06 * (index + 1),
              count: 10 * (index + 1),
            })),
          })),
        ),
      },
      {
        title: 'Rates over decades',
        content: lineChart({
          label: 'Learning rates',
          x: { label: 'epoch' },
          y: { label: 'learning rate', domain: [0, 0.1], logarithmic: true },
          series: [
            { name: 'rate', points: [0.1, 0.01, 0.001, 1e-6].map((y, index) => ({ x: index + 1, y })) },
          ],
        }),
      },
      {
        title: 'Two hundred bars',
        content: barChart({
          label: 'Two hundred bars',
          value: { label: 'pictures' },
          bars: Array.from({ length: 200 }, (_, index) => ({
            name: `${index} ${names[index % names.length]}`,
            value: index,
          })),
        }),
      },
      {
        title: 'Odd numbers',
        content: [
          lineChart({
            label: 'One point',
            x: { label: 'epoch', whole: true, domain: [0, 1] },
            y: { label: 'loss' },
            series: [{ name: 'a', points: [{ x: 1, y: 0.7171 }] }],
          }),
          lineChart({
            label: 'Numbers of any size',
            x: { label: 'x' },
            y: { label: 'y' },
            series: [
              {
                name: 'a',
                points: [1e9, -3e9, Number.NaN, 5e9, Infinity, 0].map((y, x) => ({ x: 10_000 + x, y })),
              },
            ],
          }),
          barChart({
            label: 'Bars of any size',
            value: { label: 'value' },
            bars: [12_345_678, -8_000_000, 0, Number.NaN].map((value, index) => ({
              name: names[index]!,
              value,
            })),
          }),
        ],
      },
      {
        title: 'Nothing',
        content: lineChart({ label: 'No epoch', x: { label: 'epoch' }, y: { label: 'loss' }, series: [] }),
      },
      { title: 'Ten classes', content: confusionMatrix(confusion(10)) },
      { title: 'Thirty classes', content: confusionMatrix(confusion(30)) },
      { title: 'Two hundred classes', content: confusionMatrix(confusion(200)) },
      { title: 'Pictures', content: pictureRows(['class', 'support', 'queries'], rows, { size: 68 }) },
      {
        title: 'Tables',
        content: details(
          'A long one',
          table({
            columns: ['key', 'value', ...names.map((name) => ({ name, number: true as const }))],
            rows: names.map((name, row) => [
              name,
              '/a/path/without/any/space/that/is/longer/than/a/phone/is/wide/and/goes/on',
              ...names.map((_, column) => `${row}.${column} ± 1.0`),
            ]),
          }),
        ),
      },
    ],
    footer: 'The end.',
  })
}

function confusion(size: number): Confusion {
  return {
    classes: Array.from({ length: size }, (_, index) => names[index % names.length]!),
    counts: Array.from({ length: size }, (_, row) =>
      Array.from({ length: size }, (__, column) =>
        row === column ? 60 + (row % 7) * 5 : (row * 7 + column * 13) % 11 === 0 ? 8 : 0,
      ),
    ),
  }
}

function stripes(kind: number): Promise<Uint8Array> {
  const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, index) =>
    index % 3 === kind ? 255 : ((index / 3) % 8) * 30,
  )
  return thumbnail({ width: 32, height: 32, data })
}
