import { html, type Content, Html } from './html.js'
import { style } from './style.js'

/** A page, from top to bottom. */
export interface Page {
  readonly title: string
  /** What the page is about, in a sentence or two below the title. */
  readonly summary?: Content
  readonly sections: readonly Section[]
  /** How the page came to be, at its end. */
  readonly footer?: Content
}

/** A part of a page under a heading of its own. */
export interface Section {
  readonly title: string
  /** How to read what follows. */
  readonly note?: Content
  readonly content: Content
}

/**
 * A whole HTML document in one text. It needs no script, no network and no other file, follows the reader's
 * choice of a light or a dark page, and reads well on a phone and on paper. Its policy forbids the browser to
 * load or to run anything. The same page has the same text whenever it is made.
 */
export function page({ title, summary, sections, footer }: Page): string {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"
        />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          ${summary !== undefined && html`<p class="summary">${summary}</p>`}
          ${sections.length > 3 && contents(sections)}
        </header>
        <main>${sections.map(sectionMarkup)}</main>
        ${footer !== undefined && html`<footer>${footer}</footer>`}
      </body>
    </html> `
  return withStableIds(document.markup)
}

/**
 * Plot numbers the markers of its charts over the life of a process; here they are numbered within the page.
 */
function withStableIds(markup: string): string {
  const ids = new Map<string, string>()
  return markup.replaceAll(/\bplot-marker-\d+\b/g, (id) => {
    const stable = ids.get(id) ?? `marker-${ids.size + 1}`
    ids.set(id, stable)
    return stable
  })
}

function contents(sections: readonly Section[]): Html {
  const links = sections.map(({ title }, index) => html`<li><a href="#${anchor(index)}">${title}</a></li>`)
  return html`<nav aria-label="Contents">
    <ul>
      ${links}
    </ul>
  </nav>`
}

function sectionMarkup({ title, note, content }: Section, index: number): Html {
  return html`<section id="${anchor(index)}">
    <h2>${title}</h2>
    ${note !== undefined && html`<p class="note">${note}</p>`} ${content}
  </section> `
}

function anchor(index: number): string {
  return `section-${index + 1}`
}
