import { html, type Html } from '@m2l/report'

/** A drawing, an SVG document, as a figure of a page. */
export function drawnFigure(drawing: string, words: string): Html {
  const uri = `data:image/svg+xml;base64,${Buffer.from(drawing).toString('base64')}`
  return html`<figure><img src="${uri}" alt="${words}" style="max-width: 100%; height: auto" /></figure>`
}
