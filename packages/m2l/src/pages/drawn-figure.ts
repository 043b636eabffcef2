import { html, type Html } from '@m2l/report'

/**
 * A drawing, an SVG document, as a figure of a page; on a phone it is moved sideways, since its letters are
 * small.
 */
export function drawnFigure(drawing: string, words: string): Html {
  const uri = `data:image/svg+xml;base64,${Buffer.from(drawing).toString('base64')}`
  return html`<figure>
    <div class="scroll" tabindex="0">
      <img src="${uri}" alt="${words}" style="width: 100%; min-width: 42rem; height: auto" />
    </div>
    <figcaption>${words}</figcaption>
  </figure>`
}
