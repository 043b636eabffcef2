import type { RgbImage } from '../rgb-image.js'
import type { AxisMap } from './axis-map.js'
import type { Resampling } from './resample.js'

/** What `resample` is to compute, written down without regard to speed. */
export function resamplePlainly(image: RgbImage, { columns, rows, columnsFirst, levels }: Resampling) {
  const source: Level = (row, column, channel) => image.data[(row * image.width + column) * 3 + channel]!
  const result = columnsFirst
    ? alongRows(rows, stored(image.height, columns.length, alongColumns(columns, source)))
    : alongColumns(columns, stored(rows.length, image.width, alongRows(rows, source)))
  return Float32Array.from({ length: rows.length * columns.length * 3 }, (_, at) => {
    const [row, column] = [Math.floor(at / 3 / columns.length), Math.floor(at / 3) % columns.length]
    const scaled = Math.fround(result(row, column, at % 3) * Math.fround(levels.scale[at % 3]!))
    return scaled + Math.fround(levels.shift[at % 3]!)
  })
}

type Level = (row: number, column: number, channel: number) => number

function alongColumns(columns: AxisMap, level: Level): Level {
  return (row, column, channel) => weightedSum(columns, column, (from) => level(row, from, channel))
}

function alongRows(rows: AxisMap, level: Level): Level {
  return (row, column, channel) => weightedSum(rows, row, (from) => level(from, column, channel))
}

/** Exact, and rounded half up to whole levels. */
function weightedSum({ taps, table }: AxisMap, index: number, level: (from: number) => number): number {
  const [start, ...coefficients] = table.subarray(index * (1 + taps), (index + 1) * (1 + taps))
  const sum = coefficients.reduce((so, coefficient, tap) => so + coefficient * level(start! + tap), 0)
  return Math.min(255, Math.max(0, Math.floor(sum / 2 ** 22 + 1 / 2)))
}

/** The same, computed once for each place where it is asked for. */
function stored(height: number, width: number, level: Level): Level {
  const levels = new Int16Array(height * width * 3).fill(-1)
  return (row, column, channel) => {
    const at = (row * width + column) * 3 + channel
    if (levels[at] === -1) levels[at] = level(row, column, channel)
    return levels[at]!
  }
}
