/** A piece of a page: markup whose texts are escaped already. */
export class Html {
  readonly markup: string

  /**
   * @param markup taken as it is: whoever calls this vouches for it; texts are put into pages by {@link html}
   */
  constructor(markup: string) {
    this.markup = markup
  }

  toString(): string {
    return this.markup
  }
}

/** What may be put into a template: nothing is written for `undefined` and `false`. */
export type Content = Html | string | number | false | undefined | readonly Content[]

/**
 * Markup from a template. Texts and numbers put into it are escaped, pieces of markup are not, lists are
 * joined.
 */
export function html(template: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(String.raw({ raw: template }, ...values.map(markupOf)))
}

function markupOf(content: Content): string {
  if (content === undefined || content === false) return ''
  if (content instanceof Html) return content.markup
  if (typeof content === 'object') return content.map(markupOf).join('')
  return String(content)
    .replace(unprintable, '\uFFFD')
    .replace(/[&<>"']/g, (character) => references[character]!)
}

/**
 * What no page can hold, and what turns the direction of all that follows; isolates end with what they are
 * in.
 */
const unprintable = /(?![\t\n\r])[\p{Cc}\p{Cs}\u202A-\u202E]/gu

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
