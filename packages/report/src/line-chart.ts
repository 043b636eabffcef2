import * as Plot from '@observablehq/plot'
import { chart, isNarrow, seriesDashes } from './chart.js'
import type { Html } from './html.js'
import { percent, shortNumber, wholeTicks, type Scale } from './scale.js'
import { seriesColour } from './style.js'

/** A point of a line; `low` and `high` are the ends of its interval, which is shaded. Points that are not finite leave a gap. */
export interface LinePoint {
  readonly x: number
  readonly y: number
  readonly low?: number
  readonly high?: number
}

/** A line by name. */
export interface LineSeries {
  readonly name: string
  readonly points: readonly LinePoint[]
}

/** How some values depend on another. */
export interface LineChart {
  /** What the chart shows, in words. */
  readonly label: string
  readonly x: Scale
  readonly y: Scale
  readonly series: readonly LineSeries[]
  readonly caption?: string
}

/** With more points than this on a line, dots would hide it. */
const mostDots = 40

/** Lines over a common axis, each with its interval where it has one. */
export function lineChart({ label, x, y, series, caption }: LineChart): Html {
  const xs = series.flatMap(({ points }) => points.map((point) => point.x))
  const ys = series.flatMap(({ points }) => points.map((point) => point.y))
  return chart({
    label,
    legend: series.map(({ name }) => name),
    ...(caption !== undefined && { caption }),
    draw: (width) => ({
      width,
      height: Math.round(width * (isNarrow(width) ? 0.75 : 0.4)),
      marginLeft: 52,
      marginBottom: 38,
      x: { label: x.label, inset: 6, ...axis(x, xs, isNarrow(width) ? 5 : 10) },
      y: { label: y.label, grid: true, ...axis(y, ys, 5) },
      marks: [
        ...series.map(({ points }, index) =>
          Plot.areaY(
            points.filter(({ low, high }) => low !== undefined && high !== undefined),
            { x: 'x', y1: 'low', y2: 'high', fill: seriesColour(index), fillOpacity: 0.15 },
          ),
        ),
        ...series.map(({ points }, index) =>
          Plot.lineY(points, {
            x: 'x',
            y: 'y',
            stroke: seriesColour(index),
            strokeWidth: 2,
            strokeDasharray: seriesDashes(index),
          }),
        ),
        ...series.map(({ points }, index) =>
          Plot.dot(points.length <= mostDots ? points : [], {
            x: 'x',
            y: 'y',
            r: 3,
            fill: seriesColour(index),
            title: (point: LinePoint) => `${format(x, point.x)}: ${format(y, point.y)}`,
          }),
        ),
      ],
    }),
  })
}

function axis(scale: Scale, values: readonly number[], count: number): Plot.ScaleOptions {
  const { domain, ticks } = scale
  const [from, to] = domain ?? [Math.min(...values), Math.max(...values)]
  return {
    ...(domain && { domain: [...domain] }),
    ticks: ticks ? [...ticks] : scale.whole && values.length > 0 ? wholeTicks(from, to, count) : count,
    tickFormat: (value: number) => (scale.percent ? percent(value, 0) : shortNumber(value)),
  }
}

function format(scale: Scale, value: number): string {
  return scale.percent ? `${percent(value, 1)} %` : shortNumber(value)
}
