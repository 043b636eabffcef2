import * as Plot from '@observablehq/plot'
import { chart, isNarrow, seriesDashes } from './chart.js'
import type { Html } from './html.js'
import { percent, type Scale } from './scale.js'
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
  return chart({
    label,
    legend: series.map(({ name }) => name),
    ...(caption !== undefined && { caption }),
    draw: (width) => ({
      width,
      height: Math.round(width * (isNarrow(width) ? 0.75 : 0.4)),
      marginLeft: 52,
      marginBottom: 38,
      x: { label: x.label, nice: false, inset: 6, ...axis(x, isNarrow(width) ? 5 : 10) },
      y: { label: y.label, grid: true, ...axis(y, 5) },
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

function axis({ domain, ticks, percent: inPercent }: Scale, count: number): Plot.ScaleOptions {
  return {
    ...(domain && { domain: [...domain] }),
    ticks: ticks ? [...ticks] : count,
    ...(inPercent && { tickFormat: (value: number) => percent(value, 0) }),
    ...(ticks && !inPercent && { tickFormat: String }),
  }
}

function format({ percent: inPercent }: Scale, value: number): string {
  return inPercent ? `${percent(value, 1)} %` : String(Number(value.toPrecision(4)))
}
