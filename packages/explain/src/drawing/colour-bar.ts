import type { Element } from 'xast'
import { x } from 'xastscript'
import { paint } from './heat-map.js'
import { figure, ink, textAt } from './text.js'

const steps = 20
const barWidth = 164
const height = 11
const gradient = 'colours-of-evidence'

export const colourBarWidth = barWidth + 240

/** What a drawing has to hold before it shows colour bars. */
export function colourBarDefinition(): Element {
  const stops = Array.from({ length: steps + 1 }, (_, step) => {
    const { fill, 'fill-opacity': opacity } = paint((2 * step) / steps - 1)
    return x('stop', { offset: step / steps, 'stop-color': fill, 'stop-opacity': opacity })
  })
  return x('linearGradient', { id: gradient }, stops)
}

/** The colours of a heat map and the evidence that they stand for. */
export function colourBar({ place }: { readonly place: number }, left: number, top: number): Element {
  const start = left + 120
  const style = { size: 11, colour: ink.soft } as const
  const bar = { x: start, y: top, width: barWidth, height }
  return x('g', [
    x('rect', { ...bar, fill: `url(#${gradient})`, stroke: '#999999', 'stroke-width': 0.75 }),
    textAt(start - 6, top + 9.5, `against ${figure(-place)}`, { ...style, anchor: 'end' }),
    textAt(start + barWidth + 6, top + 9.5, `${figure(place, true)} for the class`, style),
  ])
}
