import * as Plot from '@observablehq/plot'
import { axisOf, type Axis } from './axis.js'
import { chart, emptyChart, isNarrow, seriesDashes } from './chart.js'
import type { Html } from './html.js'
import { isDrawable, percent, shortNumber, type Scale } from './scale.js'
import { seriesColour } from './style.js'

/**
 * A point of a line; `low` and `high` are the ends of its interval, which is shaded. Points that are not
 * finite leave a gap.
 */
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

/** The width of a digit, in pixels. */
const digitWidth = 8

/** With more points than this on a line, dots would hide it. */
const mostDots = 40

/** Lines over a common axis, each with its interval where it has one. */
export function lineChart({ label, x, y, series, caption }: LineChart): Html {
  const lines = series.map(({ points }) => points.filter((point) => isDrawable(point.x)).map(drawable))
  const all = lines.flat()
  if (all.every((point) => Number.isNaN(point.y))) return emptyChart(label, caption)
  const xs = all.map((point) => point.x)
  const ys = all.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y])
  const ofY = axisOf(y, ys, 5)
  return chart({
    label,
    legend: series.map(({ name }) => name),
    ...(caption !== undefined && { caption }),
    draw: (width) => ({
      width,
      height: Math.round(width * (isNarrow(width) ? 0.75 : 0.4)),
      marginTop: 32,
      marginLeft: roomFor(ofY),
      marginBottom: 38,
      x: { inset: 6, ...axisOf(x, xs, isNarrow(width) ? 5 : 10) },
      y: { grid: true, ...ofY },
      marks: [
        ...lines.map((points, index) =>
          Plot.areaY(
            points.filter(({ low, high }) => low !== undefined && high !== undefined),
            { x: 'x', y1: 'low', y2: 'high', fill: seriesColour(index), fillOpacity: 0.15 },
          ),
        ),
        ...lines.map((points, index) =>
          Plot.lineY(points, {
            x: 'x',
            y: 'y',
            stroke: seriesColour(index),
            strokeWidth: 2,
            strokeDasharray: seriesDashes(index),
          }),
        ),
        ...lines.map((points, index) =>
          Plot.dot(points.length <= mostDots ? points : points.filter(isAlone), {
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

/** A point whose numbers have a place; without an interval where they have none. */
function drawable({ x, y, low, high }: LinePoint): LinePoint {
  if (!isDrawable(y)) return { x, y: Number.NaN }
  return { x, y, ...(isDrawable(low) && isDrawable(high) && { low, high }) }
}

/** Whether a point has gaps at both sides, so that no line shows it. */
function isAlone(_: LinePoint, index: number, points: readonly LinePoint[]): boolean {
  return [points[index - 1], points[index + 1]].every((beside) => !beside || Number.isNaN(beside.y))
}

/** What the numbers at an axis to the left take, in pixels. */
function roomFor({ ticks, tickFormat }: Axis): number {
  const longest = Math.max(0, ...ticks.map((tick) => tickFormat(tick).length))
  return Math.max(52, longest * digitWidth + 14)
}

function format(scale: Scale, value: number): string {
  return scale.percent ? `${percent(value, 1)} %` : shortNumber(value)
}
