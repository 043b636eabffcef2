import * as Plot from '@observablehq/plot'
import { chart, isNarrow } from './chart.js'
import type { Html } from './html.js'
import { percent, shortNumber, type Scale } from './scale.js'
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

/** Values by name, from top to bottom in the order given. */
export interface BarChart {
  /** What the chart shows, in words. */
  readonly label: string
  readonly value: Scale
  readonly bars: readonly Bar[]
  /** A value to compare with, drawn as a line through all bars. */
  readonly reference?: { readonly name: string; readonly value: number }
  readonly caption?: string
}

/** The width of a letter and the height of a bar with its gap, in pixels. */
const letter = 7.6
const bar = 26

/** Lying bars, which leave room for names. */
export function barChart({ label, value, bars, reference, caption }: BarChart): Html {
  const explained = [caption, reference && `The dashed line: ${reference.name}.`].filter(Boolean).join(' ')
  const positions = bars.map((_, position) => position)
  const widest = Math.max(0, ...bars.map(({ name }) => nameWidth(name)))
  return chart({
    label,
    ...(explained !== '' && { caption: explained }),
    draw: (width) => {
      const most = Math.min(widest, isNarrow(width) ? 12 : 26)
      const texts = bars.map((shown) => shown.text ?? valueText(value, shown.value))
      const room = Math.max(0, ...texts.map(nameWidth)) * letter + 12
      const y = (position: number) => bars[position]!
      return {
        width,
        height: bars.length * bar + 48,
        marginTop: 8,
        marginLeft: most * letter + 14,
        marginRight: room,
        marginBottom: 40,
        x: {
          label: value.label,
          grid: true,
          domain: value.domain ? [...value.domain] : [0, Math.max(0, ...bars.map(end))],
          ticks: value.ticks ? [...value.ticks] : isNarrow(width) ? 4 : 8,
          tickFormat: (tick: number) => (value.percent ? percent(tick, 0) : shortNumber(tick)),
        },
        y: { label: null, domain: positions, padding: 0.3 },
        marks: [
          Plot.axisY({
            tickSize: 0,
            tickFormat: (position: number) => shortName(y(position).name, most),
            fill: 'var(--text)',
          }),
          Plot.barX(positions, {
            x: (position: number) => y(position).value,
            y: (position: number) => position,
            fill: seriesColour(0),
            title: (position: number) => `${y(position).name}: ${texts[position]}`,
          }),
          Plot.ruleY(
            positions.filter((position) => y(position).low !== undefined && y(position).high !== undefined),
            {
              x1: (position: number) => y(position).low,
              x2: (position: number) => y(position).high,
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
            x: (position: number) => end(y(position)),
            y: (position: number) => position,
            text: (position: number) => texts[position],
            fill: 'var(--text)',
            stroke: 'var(--card)',
            strokeWidth: 4,
            textAnchor: 'start',
            dx: 7,
          }),
        ],
      }
    },
  })
}

function end({ value, high = value }: Bar): number {
  return Math.max(value, high)
}

function valueText({ percent: inPercent }: Scale, value: number): string {
  return inPercent ? percent(value, 1) : shortNumber(value)
}
