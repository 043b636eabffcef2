import type * as Plot from '@observablehq/plot'
import { isDrawable, percent, shortNumber, type Scale } from './scale.js'

/** A scale as Plot takes it. */
export type Axis = Plot.ScaleOptions & {
  readonly domain: [number, number]
  readonly ticks: number[]
  readonly tickFormat: (tick: number) => string
}

/** Values that span more decades than this do not fit on a linear axis: the smallest ones look like 0. */
const mostLinearDecades = 1.5

/** Near the least numbers there are, powers of ten round to 0, and nothing is told apart. */
const leastMagnitude = 1e-300

/**
 * How an axis is drawn on which some values lie.
 *
 * @param values those that are not drawable are passed over
 * @param count about how many values are written at it
 */
export function axisOf(scale: Scale, values: readonly number[], count: number): Axis {
  const drawn = values.filter(isDrawable)
  const [least, most] = extent(drawn)
  if (scale.logarithmic && least > leastMagnitude && Math.log10(most / least) > mostLinearDecades) {
    const ticks = logarithmicTicks(least, most, count)
    const domain: [number, number] = [ticks[0]!, ticks.at(-1)!]
    return { type: 'log', domain, ...written(scale, ticks), label: `${scale.label}, logarithmic` }
  }
  const [from, to] = scale.domain ?? [least, most]
  const isWhole = scale.whole ?? (!scale.percent && drawn.length > 0 && drawn.every(Number.isInteger))
  const ticks = scale.ticks ? [...scale.ticks] : roundTicks(from, to, count, isWhole ? 1 : 0)
  return { type: 'linear', domain: [from, to], ...written(scale, ticks), label: scale.label }
}

/** The least and the largest of some numbers; 0 and 1 where there are none. */
function extent(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1]
  return values.reduce<[number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  )
}

/** Ticks in as few digits as tell them apart. */
function written({ percent: inPercent }: Scale, ticks: number[]) {
  const text = (value: number, more: number) =>
    inPercent ? percent(value, more) : shortNumber(value, 4 + more)
  let more = 0
  while (more < 9 && new Set(ticks.map((tick) => text(tick, more))).size < ticks.length) more++
  return { ticks, tickFormat: (tick: number) => text(tick, more) }
}

/**
 * Multiples of a round step from one value to another, about `count` of them.
 *
 * @param leastStep 1 for whole numbers
 */
export function roundTicks(from: number, to: number, count: number, leastStep = 0): number[] {
  const least = Math.max(leastStep, (to - from) / count)
  if (!(least > leastMagnitude)) return [from]
  const power = 10 ** Math.floor(Math.log10(least))
  const step = power * ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10)
  const first = Math.ceil(from / step - 1e-9)
  const last = Math.floor(to / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  )
}

/** Round values around others: 1, 2 and 5 of each decade where these are few, otherwise powers of ten. */
export function logarithmicTicks(from: number, to: number, count: number): number[] {
  const lowest = Math.floor(Math.log10(from))
  const highest = Math.ceil(Math.log10(to))
  const decades = highest - lowest
  const factors = decades <= count / 2 ? [1, 2, 5] : [1]
  const stride = Math.ceil(decades / count)
  const powers = Array.from(
    { length: Math.ceil(decades / stride) + 1 },
    (_, index) => lowest + index * stride,
  )
  const all = powers.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
  const start = all.findLastIndex((tick) => tick <= from)
  const end = all.findIndex((tick) => tick >= to)
  return all.slice(Math.max(0, start), end < 0 ? undefined : end + 1)
}
