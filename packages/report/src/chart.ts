import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { Html, html } from './html.js'
import { seriesColour } from './style.js'

/** How a chart is drawn and what is said of it. */
export interface Drawing {
  /** What the chart shows, for readers who do not see it. */
  readonly label: string
  /** Names of its series in the order of their colours; none needed for a single one. */
  readonly legend?: readonly string[]
  readonly caption?: string
  /** The chart in a width, in CSS pixels. */
  draw(width: number): Plot.PlotOptions
}

/**
 * A page shows the drawing that suits its width: shrinking a single one makes its letters unreadable on a
 * phone.
 */
const widths = { wide: 760, narrow: 320 }

/** Whether a chart of a width is the one for phones. */
export function isNarrow(width: number): boolean {
  return width <= widths.narrow
}

/** A chart in the two widths of which a page shows one. */
export function chart({ label, legend = [], caption, draw }: Drawing): Html {
  return html`<figure class="chart">
    ${legend.length > 1 && legendMarkup(legend)}
    <div class="wide">${svg(draw(widths.wide), label)}</div>
    <div class="narrow">${svg(draw(widths.narrow), label)}</div>
    ${caption !== undefined && html`<figcaption>${caption}</figcaption>`}
  </figure>`
}

/** What stands in place of a chart that has nothing to show. */
export function emptyChart(label: string, caption?: string): Html {
  return html`<figure>
    <p class="note">${label}: there are no numbers to show.</p>
    ${caption !== undefined && html`<figcaption>${caption}</figcaption>`}
  </figure>`
}

/** A plot as SVG, drawn without a browser. */
export function svg(options: Plot.PlotOptions, label: string): Html {
  const drawn = Plot.plot({
    className: 'plot',
    ...options,
    document: emptyDocument(),
    style: { background: 'none', fontSize: '13px', fontFamily: 'inherit', overflow: 'visible' },
  })
  drawn.setAttribute('role', 'img')
  drawn.setAttribute('aria-label', label)
  return new Html(drawn.outerHTML)
}

/** How the line of a series is dashed, so that series differ without colours too. */
export function seriesDashes(index: number): string {
  return ['none', '7 3', '2 3', '9 3 2 3'][index % 4]!
}

function legendMarkup(names: readonly string[]): Html {
  const entries = names.map(
    (name, index) =>
      html`<li>
        <svg viewBox="0 0 26 12" aria-hidden="true">
          <line
            x1="0"
            y1="6"
            x2="26"
            y2="6"
            style="stroke: ${seriesColour(index)}; stroke-width: 3; stroke-dasharray: ${seriesDashes(index)}"
          /></svg
        >${name}
      </li>`,
  )
  return html`<ul class="legend">
    ${entries}
  </ul>`
}

let document: Document | undefined

function emptyDocument(): Document {
  document ??= parseHTML('<!doctype html><html><body></body></html>').document
  return document
}
