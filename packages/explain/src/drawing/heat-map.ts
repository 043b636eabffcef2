import { interpolateRdBu } from 'd3-scale-chromatic'
import type { Element } from 'xast'
import { x } from 'xastscript'
import type { Place } from '../explanation.js'
import { placed, within, type Frame } from './frame.js'

/** Strongest cover of a picture by its heat map. */
const cover = 0.72
/** What covers less of a picture is not seen. */
const palest = 0.01

/**
 * The evidence of places as a map over the picture: blue where it speaks for the class, red where against it.
 */
export function heatMap(places: readonly Place[], frame: Frame, most: number): Element {
  return x(
    'g',
    { 'shape-rendering': 'crispEdges' },
    densities(places)
      .map(({ region, density }) => ({ region, strength: most === 0 ? 0 : density / most }))
      .filter(({ strength }) => cover * Math.abs(strength) >= palest)
      .map(({ region, strength }) => x('rect', { ...placed(within(frame, region)), ...paint(strength) })),
  )
}

/** @param strength from -1, against, to 1, for the class. */
export function paint(strength: number): { fill: string; 'fill-opacity': string } {
  const bounded = Math.min(1, Math.max(-1, strength))
  // The scale's ends are near black, its middle is white: a part of it stays apart from the picture below.
  const fill = interpolateRdBu(0.5 + Math.sign(bounded) * (0.22 + 0.2 * Math.abs(bounded)))
  return { fill, 'fill-opacity': (cover * Math.abs(bounded)).toFixed(3) }
}

/** A rectangle of a picture and how much evidence lies on it, by share of the picture's area. */
interface Density {
  readonly region: Place['region']
  readonly density: number
}

/**
 * Places may overlap, as parts do: each spreads its evidence evenly over its region, and what lies on one
 * spot adds up. Its integral over the picture is the sum of the evidence.
 */
export function densities(places: readonly Place[]): Density[] {
  const rows = edges(places.flatMap(({ region: { top, bottom } }) => [top, bottom]))
  const columns = edges(places.flatMap(({ region: { left, right } }) => [left, right]))
  return rows.flatMap(([top, bottom]) =>
    columns.flatMap(([left, right]) => {
      const middle = { x: (left + right) / 2, y: (top + bottom) / 2 }
      const covering = places.filter(({ region }) => contains(region, middle))
      if (covering.length === 0) return []
      const density = covering.reduce((sum, { region, evidence }) => sum + evidence / area(region), 0)
      return { region: { top, bottom, left, right }, density }
    }),
  )
}

/** How much of a picture's area a place covers, on average. */
export function meanArea(places: readonly Place[]): number {
  return places.reduce((sum, { region }) => sum + area(region), 0) / places.length
}

function area({ top, bottom, left, right }: Place['region']): number {
  return (bottom - top) * (right - left)
}

function contains({ top, bottom, left, right }: Place['region'], point: { x: number; y: number }): boolean {
  return top < point.y && point.y < bottom && left < point.x && point.x < right
}

/** The stretches between positions along a side; positions that differ by rounding alone are one. */
function edges(positions: readonly number[]): (readonly [start: number, end: number])[] {
  const distinct = [...new Set(positions.map((position) => Math.round(position * 1e6) / 1e6))].sort(
    (a, b) => a - b,
  )
  return distinct.slice(1).map((end, index) => [distinct[index]!, end] as const)
}
