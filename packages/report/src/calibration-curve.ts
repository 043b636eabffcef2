import * as Plot from '@observablehq/plot'
import { chart, isNarrow, seriesDashes } from './chart.js'
import type { Html } from './html.js'
import { percent } from './scale.js'
import { seriesColour } from './style.js'

/** Predictions of about the same confidence; all but the count are fractions of 1. */
export interface CalibrationPoint {
  /** Their mean confidence. */
  readonly confidence: number
  /** The share of them that is right. */
  readonly accuracy: number
  /** How many they are; where there is none, the others say nothing. */
  readonly count: number
}

/** How far the confidence of something that predicts can be trusted. */
export interface CalibrationSeries {
  readonly name: string
  readonly points: readonly CalibrationPoint[]
  /**
   * Expected calibration error: the mean distance of accuracy and confidence, weighted by count; a fraction
   * of 1.
   */
  readonly error: number
}

/** The name of a series with its error. */
const named = ({ name, error }: CalibrationSeries): string => `${name}, ECE ${percent(error, 1)} %`

/**
 * The accuracy of predictions against their confidence (a reliability diagram). Above the diagonal
 * predictions are better than they claim, below it worse; the larger a dot, the larger the share of its
 * series' predictions.
 */
export function calibrationCurve(series: readonly CalibrationSeries[], caption?: string): Html {
  const shown = series.map(({ points }) => {
    const total = points.reduce((sum, { count }) => sum + count, 0)
    return points
      .filter(({ count }) => count > 0)
      .map(({ confidence, accuracy, count }) => ({ confidence, accuracy, share: count / total }))
  })
  const axis = { domain: [0, 1], ticks: 5, tickFormat: (value: number) => percent(value, 0) }
  return chart({
    label: `Accuracy against confidence: ${series.map(named).join('; ')}`,
    legend: series.map(named),
    caption: caption ?? (series.length === 1 ? named(series[0]!) : undefined),
    draw: (width) => ({
      width,
      height: Math.round(width * (isNarrow(width) ? 0.95 : 0.55)),
      marginLeft: 48,
      marginBottom: 40,
      x: { label: 'confidence (%)', ...axis },
      y: { label: 'accuracy (%)', grid: true, ...axis },
      r: { range: [2, isNarrow(width) ? 7 : 10], domain: [0, 1] },
      marks: [
        Plot.line(
          [
            [0, 0],
            [1, 1],
          ],
          { stroke: 'currentColor', strokeDasharray: '4 4' },
        ),
        ...shown.map((points, index) =>
          Plot.line(points, {
            x: 'confidence',
            y: 'accuracy',
            stroke: seriesColour(index),
            strokeWidth: 2,
            strokeDasharray: seriesDashes(index),
          }),
        ),
        ...shown.map((points, index) =>
          Plot.dot(points, {
            x: 'confidence',
            y: 'accuracy',
            r: 'share',
            fill: seriesColour(index),
            fillOpacity: 0.75,
            title: (point: (typeof points)[number]) =>
              `${series[index]!.name}: confidence ${percent(point.confidence, 1)} %, accuracy ${percent(point.accuracy, 1)} %, ${percent(point.share, 1)} % of predictions`,
          }),
        ),
      ],
    }),
  })
}
