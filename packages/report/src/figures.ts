import { html, type Html } from './html.js'

/** A number that matters, large, with what it is. */
export interface Figure {
  readonly label: string
  readonly value: string | number
  /** How sure it is, or of what. */
  readonly detail?: string
}

/** The numbers that a reader looks for first, side by side. */
export function figures(shown: readonly Figure[]): Html {
  const each = shown.map(
    ({ label, value, detail }) =>
      html`<div>
        <dt>${label}</dt>
        <dd class="value">${value}</dd>
        ${detail !== undefined && html`<dd class="detail">${detail}</dd>`}
      </div>`,
  )
  return html`<dl class="figures">${each}</dl>`
}
