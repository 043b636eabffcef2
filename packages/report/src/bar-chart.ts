import * as Plot from '@observablehq/plot'
import { axisOf } from './axis.js'
import { chart, emptyChart, isNarrow } from './chart.js'
import type { Html } from './html.js'
import { isDrawable, percent, shortNumber, type Scale } from './scale.js'
import { nameWidth, shortName } from './short-name.js'
import { seriesColour } from './style.js'

/** A bar by name; `low` and `high` are the ends of its interval. */
export interface Bar {
  readonly name: string
  readonly value: number
  readonly low?: number
  readonly high?: number
  /** What is written at the bar's end; the value if not given. */
  readonly text?: string
}

/**
 * Values by name, from top to bottom in the order given; of very many the first and the last ones, with a gap
 * between them.
 */
export interface BarChart {
  /** What the chart shows, in words. */
  readonly label: string
  readonly value: Omit<Scale, 'logarithmic'>
  readonly bars: readonly Bar[]
  /** A value to compare with, drawn as a line through all bars. */
  readonly reference?: { readonly name: string; readonly value: number }
  readonly caption?: string
}

/** Of more bars than this the first and the last ones are drawn, so many of each. */
const mostBars = 40
const barsOfEnd = 15

/** The width of a letter and the height of a bar with its gap, in pixels. */
const letter = 7.6
const height = 26

/** Lying bars, which leave room for names. */
export function barChart({ label, value, bars, reference, caption }: BarChart): Html {
  if (bars.length === 0) return emptyChart(label, caption)
  const rows = rowsOf(bars)
  const left = bars.length - rows.filter((row) => row !== gap).length
  const explained = [
    caption,
    left > 0 && `The first ${barsOfEnd} and the last ${barsOfEnd} of ${bars.length}.`,
    reference && `The dashed line: ${reference.name}.`,
  ]
  const captions = explained.filter(Boolean).join(' ')
  const positions = rows.flatMap((row, position) => (row === gap ? [] : [position]))
  const drawn = positions.filter((position) => isDrawable(rows[position]!.value))
  const bar = (position: number) => rows[position]!
  const text = (position: number) => bar(position).text ?? valueText(value, bar(position).value)
  const widest = Math.max(...positions.map((position) => nameWidth(bar(position).name)))
  const room = Math.max(...positions.map((position) => nameWidth(text(position)))) * letter + 12
  const all = [0, ...positions.flatMap((position) => endsOf(bar(position)))]
  const domain = value.domain ?? (all.every((end) => !end) ? ([0, 1] as const) : undefined)
  return chart({
    label,
    ...(captions !== '' && { caption: captions }),
    draw: (width) => {
      const most = Math.min(widest, isNarrow(width) ? 12 : 26)
      const axis = axisOf({ ...value, ...(domain && { domain }) }, all, isNarrow(width) ? 4 : 8)
      return {
        width,
        height: rows.length * height + 48,
        marginTop: 8,
        marginLeft: most * letter + 14,
        marginRight: room,
        marginBottom: 40,
        x: { grid: true, ...axis },
        y: { label: null, domain: rows.map((_, position) => position), padding: 0.3 },
        marks: [
          Plot.axisY({
            tickSize: 0,
            tickFormat: (position: number) =>
              rows[position] === gap ? '⋮' : shortName(bar(position).name, most),
            fill: 'var(--text)',
          }),
          Plot.barX(drawn, {
            x: (position: number) => bar(position).value,
            y: (position: number) => position,
            fill: seriesColour(0),
            title: (position: number) => `${bar(position).name}: ${text(position)}`,
          }),
          Plot.ruleY(
            drawn.filter((position) => isDrawable(bar(position).low) && isDrawable(bar(position).high)),
            {
              x1: (position: number) => bar(position).low,
              x2: (position: number) => bar(position).high,
              y: (position: number) => position,
              stroke: 'var(--text)',
              strokeWidth: 1.5,
              marker: 'tick',
            },
          ),
          ...(reference
            ? [Plot.ruleX([reference.value], { stroke: 'var(--text)', strokeDasharray: '4 3' })]
            : []),
          Plot.text(positions, {
            x: (position: number) => Math.max(0, axis.domain[0], ...endsOf(bar(position))),
            y: (position: number) => position,
            text,
            fill: 'var(--text)',
            stroke: 'var(--card)',
            strokeWidth: 4,
            textAnchor: 'start',
            dx: 7,
          }),
          Plot.text(left > 0 ? [barsOfEnd] : [], {
            x: () => Math.max(0, axis.domain[0]),
            y: (position: number) => position,
            text: () => `${left} more`,
            fill: 'var(--muted)',
            textAnchor: 'start',
            dx: 7,
          }),
        ],
      }
    },
  })
}

/** Stands for the bars that are left out. */
const gap: Bar = { name: '', value: Number.NaN }

function rowsOf(bars: readonly Bar[]): readonly Bar[] {
  return bars.length <= mostBars ? bars : [...bars.slice(0, barsOfEnd), gap, ...bars.slice(-barsOfEnd)]
}

/** What of a bar must have room: its value and the ends of its interval. */
function endsOf({ value, low, high }: Bar): number[] {
  return [value, low, high].filter(isDrawable)
}

function valueText({ percent: inPercent }: BarChart['value'], value: number): string {
  return inPercent ? percent(value, 1) : shortNumber(value)
}
