import type { Region } from '@m2l/nn'
import type { Element } from 'xast'
import { x } from 'xastscript'
import type { PlaceMatch } from '../explanation.js'
import { placed, rounded, within, type Frame } from './frame.js'
import { textAt } from './text.js'

const colours = ['#ffd400', '#00d060', '#ff66d9']

/** As many matches are shown as there are colours. */
export const matchesShown = colours.length

/** A match and the frames of the two pictures that it joins. */
export interface ShownMatch {
  readonly match: PlaceMatch
  readonly query: Frame
  readonly support: Frame
}

/** Boxes of one colour and number around places that met, joined by a line. */
export function matchMarks(matches: readonly ShownMatch[]): Element[] {
  const boxes = matches.map(({ match, query, support }) => ({
    query: within(query, match.query),
    support: within(support, match.support),
  }))
  /** How many matches before this one have the same place. */
  const below = (index: number, side: 'query' | 'support') =>
    boxes.slice(0, index).filter((other) => isSame(other[side], boxes[index]![side])).length
  return [
    ...boxes.map(({ query, support }, index) => line(query, support, colours[index]!)),
    ...boxes.flatMap(({ query, support }, index) => [
      ...box(query, index, below(index, 'query')),
      ...box(support, index, below(index, 'support')),
    ]),
  ]
}

/**
 * The matches that say most: by evidence, above 0 alone, none beside another that lies mostly on the same
 * place of the query.
 *
 * @param matches in order of their evidence
 */
export function tellingMatches(matches: readonly PlaceMatch[]): PlaceMatch[] {
  const chosen: PlaceMatch[] = []
  for (const match of matches) {
    if (match.evidence <= 0 || chosen.length === matchesShown) break
    if (!chosen.some(({ query }) => overlap(query, match.query) > 0.3)) chosen.push(match)
  }
  return chosen
}

/** Intersection over union. */
function overlap(a: Region, b: Region): number {
  const height = Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top))
  const width = Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left))
  const area = ({ top, bottom, left, right }: Region) => (bottom - top) * (right - left)
  return (height * width) / (area(a) + area(b) - height * width)
}

function line(from: Frame, to: Frame, colour: string): Element {
  const ends = {
    x1: rounded(from.x + from.width),
    y1: rounded(from.y + from.height / 2),
    x2: rounded(to.x),
    y2: rounded(to.y + to.height / 2),
  }
  return x('g', { 'stroke-linecap': 'round' }, [
    x('line', { ...ends, stroke: '#000000', 'stroke-width': 4, 'stroke-opacity': 0.35 }),
    x('line', { ...ends, stroke: colour, 'stroke-width': 2 }),
  ])
}

function isSame(a: Frame, b: Frame): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height
}

/** @param below how many boxes of the same place lie below this one */
function box(frame: Frame, index: number, below: number): Element[] {
  const inset = 2 + 3.5 * below
  const inner = {
    x: frame.x + inset,
    y: frame.y + inset,
    width: Math.max(1, frame.width - 2 * inset),
    height: Math.max(1, frame.height - 2 * inset),
  }
  const outline = { ...placed(inner), fill: 'none', rx: 2 }
  const badge = { x: frame.x + 9 + 14 * below, y: frame.y + 9 }
  return [
    x('rect', { ...outline, stroke: '#000000', 'stroke-width': 4, 'stroke-opacity': 0.55 }),
    x('rect', { ...outline, stroke: colours[index]!, 'stroke-width': 2.4 }),
    x('circle', {
      cx: rounded(badge.x),
      cy: rounded(badge.y),
      r: 7,
      fill: colours[index]!,
      stroke: '#000000',
    }),
    textAt(badge.x, badge.y + 3.6, String(index + 1), { size: 10, bold: true, anchor: 'middle' }),
  ]
}
