import { basename } from 'node:path'
import { html, page, table, thumbnail, type Html, type Pixels } from '@m2l/report'
import type { DrawnExplanation } from '../explain/draw-explanations.js'
import { madeAt, percent } from './numbers.js'

/** The title, by which a page that may be replaced is known. */
export const explanationsTitle = 'Explained pictures'

/** Thumbnails are shown so many pixels wide and high, and are half as large again. */
const shownAt = 64

/**
 * A page of thousands of pictures takes long to load; of more queries than this, further ones are shown
 * without.
 */
const mostThumbnails = 500

/** An explanation, its drawings and its query. */
export interface ShownExplanation {
  readonly drawn: DrawnExplanation
  /** As {@link queryThumbnail} makes it. */
  readonly thumbnail: Uint8Array
}

/** A copy of a query as the page shows it. */
export function queryThumbnail(picture: Pixels): Promise<Uint8Array> {
  return thumbnail(picture, 1.5 * shownAt)
}

/** What else the page says. */
export interface ExplanationsOptions {
  /** As they were named. */
  readonly weights: string
  /** Queries that could not be read, and why. */
  readonly unreadable: readonly (readonly [file: string, reason: string])[]
  /** What a class is called. */
  readonly called: (name: string) => string
}

/**
 * The page that leads to some drawings, as an HTML document beside them: wrong predictions first, then by how
 * little the likeliest class leads.
 */
export function explanationsPage(
  shown: readonly ShownExplanation[],
  { weights, unreadable, called }: ExplanationsOptions,
): string {
  const judged = shown.some(({ drawn: { truth } }) => truth !== undefined)
  const sorted = shown.toSorted(
    (a, b) => Number(isWrong(b.drawn)) - Number(isWrong(a.drawn)) || lead(a.drawn) - lead(b.drawn),
  )
  const wrong = shown.filter(({ drawn }) => isWrong(drawn)).length
  const number = (name: string) => ({ name, number: true as const })
  return page({
    title: explanationsTitle,
    summary: `${shown.length} ${shown.length === 1 ? 'picture' : 'pictures'} with ${weights}${judged ? `, ${wrong} of them wrong` : ''}.`,
    sections: [
      {
        title: `${judged ? 'Wrong ones first, then the' : 'The'} least certain first`,
        note: 'Each drawing shows where in the picture the scores of the likeliest classes come from. Ahead: by how much the class is more probable than the next one.',
        content: table({
          columns: [
            'picture',
            'file',
            'taken for',
            number('%'),
            number('ahead (%)'),
            ...(judged ? ['is', 'result'] : []),
            'drawing',
          ],
          rows: sorted.map(({ drawn, thumbnail: small }, index) => [
            index < mostThumbnails ? linkedThumbnail(drawn, small) : '',
            drawn.query,
            called(drawn.predicted),
            percent(top(drawn).probability),
            percent(lead(drawn)),
            ...(judged ? [drawn.truth === undefined ? '' : called(drawn.truth), verdict(drawn)] : []),
            html`${fileLink(drawn.svg, 'SVG')}, ${fileLink(drawn.jpeg, 'JPEG')}`,
          ]),
        }),
      },
      ...(unreadable.length > 0
        ? [{ title: 'Not read', content: table({ columns: ['file', 'why'], rows: unreadable }) }]
        : []),
    ],
    footer: madeAt(),
  })
}

function linkedThumbnail({ query, svg }: DrawnExplanation, small: Uint8Array): Html {
  const uri = `data:image/webp;base64,${Buffer.from(small).toString('base64')}`
  return html`<a href="${address(svg)}"
    ><img
      src="${uri}"
      alt="Why ${query}"
      decoding="async"
      style="display: block; width: ${shownAt}px; height: ${shownAt}px; object-fit: contain"
  /></a>`
}

function fileLink(file: string, words: string): Html {
  return html`<a href="${address(file)}">${words}</a>`
}

/** The drawings lie beside the page. */
function address(file: string): string {
  return `./${encodeURIComponent(basename(file))}`
}

function verdict(drawn: DrawnExplanation): string | Html {
  if (drawn.truth === undefined) return ''
  return isWrong(drawn)
    ? html`<b style="color: var(--wrong)">✗ wrong</b>`
    : html`<span style="color: var(--right)">✓ right</span>`
}

function isWrong({ predicted, truth }: DrawnExplanation): boolean {
  return truth !== undefined && truth !== predicted
}

function top({ probabilities }: DrawnExplanation) {
  return probabilities.reduce((best, one) => (one.probability > best.probability ? one : best))
}

/** By how much the likeliest class is more probable than the next one, from 0 to 1. */
function lead({ probabilities }: DrawnExplanation): number {
  const [first = 0, second = 0] = probabilities
    .map(({ probability }) => probability)
    .toSorted((a, b) => b - a)
  return first - second
}
