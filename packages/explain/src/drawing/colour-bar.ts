import type { Element } from 'xast'
import { x } from 'xastscript'
import { paint } from './heat-map.js'
import { figure, ink, textAt } from './text.js'

const steps = 41
const barWidth = 164
const height = 11

export const colourBarWidth = barWidth + 240

/** The colours of a heat map and the evidence that they stand for. */
export function colourBar({ place }: { readonly place: number }, left: number, top: number): Element {
  const start = left + 120
  const style = { size: 11, colour: ink.soft } as const
  return x('g', [
    x(
      'g',
      { 'shape-rendering': 'crispEdges' },
      Array.from({ length: steps }, (_, step) =>
        x('rect', {
          x: start + step * (barWidth / steps),
          y: top,
          width: barWidth / steps,
          height,
          ...paint((2 * step) / (steps - 1) - 1),
        }),
      ),
    ),
    x('rect', {
      x: start,
      y: top,
      width: barWidth,
      height,
      fill: 'none',
      stroke: '#999999',
      'stroke-width': 0.75,
    }),
    textAt(start - 6, top + 9.5, `against ${figure(-place)}`, { ...style, anchor: 'end' }),
    textAt(start + barWidth + 6, top + 9.5, `${figure(place, true)} for the class`, style),
  ])
}
