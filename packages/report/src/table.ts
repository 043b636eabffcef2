import { html, type Content, type Html } from './html.js'

/** Rows under headings. */
export interface Table {
  readonly columns: readonly TableColumn[]
  /** A cell for each column. */
  readonly rows: readonly (readonly Content[])[]
}

/** A heading; as an object where its cells are numbers, which stand at the right. */
export type TableColumn = string | { readonly name: string; readonly number: true }

/** A table; where it is wider than the page it is moved sideways alone. */
export function table({ columns, rows }: Table): Html {
  const kinds = columns.map((column) => typeof column === 'object' && html` class="number"`)
  const head = columns.map(
    (column, index) =>
      html`<th scope="col" ${kinds[index]}>${typeof column === 'string' ? column : column.name}</th>`,
  )
  const body = rows.map(
    (row) =>
      html`<tr>
        ${row.map((cell, index) => html`<td${kinds[index]}>${cell}</td>`)}
      </tr> `,
  )
  return html`<div class="scroll" tabindex="0">
    <table>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`
}

/** Something that a reader may open, for example all numbers behind a chart; it needs no script. */
export function details(summary: string, content: Content): Html {
  return html`<details>
    <summary>${summary}</summary>
    ${content}
  </details>`
}
